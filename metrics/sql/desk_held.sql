-- Single activations as they stand now. what: 0 overdue and still open, 1 broken, 2 falls due soon, 3 cannot be told.
WITH held AS (
    SELECT rule, obj, act_seq, due_t AS at_t, verdict, reason, channel, team,
           CASE WHEN due_t >= $now_t THEN 2 WHEN due_t > list_extract($marks, rule + 1) THEN 3 ELSE 0 END AS what
    FROM binding_open WHERE verdict = 0 AND due_t < $soon_t
    UNION ALL
    SELECT rule, obj, act_seq, decided_t, verdict, reason, channel, team,
           CASE WHEN verdict = 5 OR target_seq IS NULL AND decided_t > list_extract($marks, rule + 1) THEN 3 ELSE 1 END
    FROM binding_done
    WHERE verdict IN (2, 5) AND decided_t >= $since_t AND t >= $begun_t AND NOT list_contains($whats, 2)
)
