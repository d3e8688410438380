-- Single activations as they were believed to stand at a past moment, judged against that moment.
WITH believed AS (
    SELECT rule, obj, act_seq, t, target_seq, decided_t, due_t, verdict, reason, channel, team FROM binding
    WHERE believed_t <= $now_t
    UNION ALL
    SELECT rule, obj, act_seq, t, target_seq, decided_t, due_t, verdict, reason, channel, team FROM binding_past
    WHERE believed_t <= $now_t AND until_t > $now_t
), held AS (
    SELECT rule, obj, act_seq, CASE WHEN verdict = 0 THEN due_t ELSE decided_t END AS at_t, verdict, reason, channel, team,
           CASE WHEN verdict = 0 THEN CASE WHEN due_t >= $now_t THEN 2
                                           WHEN due_t > list_extract($marks, rule + 1) THEN 3 ELSE 0 END
                WHEN verdict = 5 OR target_seq IS NULL AND decided_t > list_extract($marks, rule + 1) THEN 3
                ELSE 1 END AS what
    FROM believed
    WHERE verdict = 0 AND due_t < $soon_t OR verdict IN (2, 5) AND decided_t >= $since_t AND t >= $begun_t
)
