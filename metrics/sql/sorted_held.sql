-- The rest of desk_held and asof_held, in the order asked for.
SELECT rule, obj, act_seq, at_t, verdict, reason, channel, team FROM held
WHERE list_contains($whats, what) AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY CASE $sort WHEN 'severity' THEN list_extract($ranks, rule + 1) WHEN 'rule' THEN list_extract($places, rule + 1)
                    WHEN 'team' THEN list_extract($teams, team + 1) WHEN 'channel' THEN list_extract($channels, channel + 1)
                    ELSE 0 END,
         $sign * at_t, obj, act_seq LIMIT $limit
