-- What is overdue and still open, newest first; or, with $unsure, what cannot be told yet.
SELECT rule, obj, t, due_t, due_t AS at_t, verdict, reason, channel, team FROM binding_open
WHERE verdict = 0 AND due_t < $now_t AND list_contains($rules, rule)
  AND (due_t > list_extract($marks, rule + 1)) = $unsure
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY due_t DESC, obj LIMIT $limit
