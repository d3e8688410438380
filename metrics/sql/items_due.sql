-- What falls due next.
SELECT rule, obj, t, due_t, due_t AS at_t, verdict, reason, channel, team FROM binding_open
WHERE verdict = 0 AND due_t >= $now_t AND due_t < $soon_t AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY due_t, obj LIMIT $limit
