-- What was believed at a past moment to have become of activations, by the day on which they began; overdue: how many of
-- the violated ones were so only because time had passed.
WITH believed AS (
    SELECT rule, t, target_seq, decided_t, due_t, verdict, channel, team FROM binding WHERE believed_t <= $now_t
    UNION ALL
    SELECT rule, t, target_seq, decided_t, due_t, verdict, channel, team FROM binding_past
    WHERE believed_t <= $now_t AND until_t > $now_t
), judged AS (
    SELECT rule, (t // 86400000000 - $first_day) // $step_days AS step,
           CASE WHEN verdict = 0 AND due_t < $now_t THEN CASE WHEN due_t > list_extract($marks, rule + 1) THEN 5 ELSE 2 END
                WHEN verdict = 3 AND due_t < $now_t THEN 4
                WHEN verdict = 2 AND target_seq IS NULL AND decided_t > list_extract($marks, rule + 1) THEN 5
                ELSE verdict END AS verdict,
           verdict = 0 AND due_t < $now_t AND due_t <= list_extract($marks, rule + 1) AS is_overdue
    FROM believed
    WHERE t >= $first_t AND list_contains($rules, rule)
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
)
SELECT rule, step, verdict, count(*) AS n, count(*) FILTER (is_overdue) AS overdue FROM judged GROUP BY ALL
