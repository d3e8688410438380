-- The rest of desk_held and asof_held. The order is a plain column, so that the store looks only at the newest rows.
SELECT rule, obj, act_seq, at_t, verdict, reason, channel, team FROM held
WHERE list_contains($whats, what) AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY at_t DESC, obj, act_seq LIMIT $limit
