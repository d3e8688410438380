-- How many activations of each rule were believed to stand how at a past moment. what: as in desk_items; 4 kept.
WITH believed AS (
    SELECT rule, t, target_seq, decided_t, due_t, verdict, channel, team FROM binding WHERE believed_t <= $now_t
    UNION ALL
    SELECT rule, t, target_seq, decided_t, due_t, verdict, channel, team FROM binding_past
    WHERE believed_t <= $now_t AND until_t > $now_t
)
SELECT rule, CASE WHEN verdict = 0 THEN CASE WHEN due_t >= $now_t THEN 2
                                             WHEN due_t > list_extract($marks, rule + 1) THEN 3 ELSE 0 END
                  WHEN verdict IN (1, 3, 4) THEN 4
                  WHEN verdict = 5 OR target_seq IS NULL AND decided_t > list_extract($marks, rule + 1) THEN 3
                  ELSE 1 END AS what, count(*) AS n
FROM believed
WHERE list_contains($rules, rule) AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
  AND (verdict = 0 AND due_t < $soon_t OR verdict = 3 AND due_t < $now_t AND t >= $begun_t
       OR verdict IN (1, 2, 4, 5) AND decided_t >= $since_t AND t >= $begun_t)
GROUP BY ALL
