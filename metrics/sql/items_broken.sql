-- What was broken, newest first; or, with $unsure, what cannot be told.
SELECT rule, obj, t, due_t, decided_t AS at_t, verdict, reason, channel, team FROM binding_done
WHERE decided_t >= $since_t AND t >= $begun_t AND list_contains($rules, rule)
  AND (verdict = 2 AND (target_seq IS NULL AND decided_t > list_extract($marks, rule + 1)) = $unsure
       OR $unsure AND verdict = 5)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY decided_t DESC, obj LIMIT $limit
