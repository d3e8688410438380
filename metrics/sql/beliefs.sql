-- All that was ever believed of one binding, newest first.
WITH mine AS (SELECT code FROM rule WHERE id = $rule AND active)
SELECT t, target_seq, decided_t, due_t, verdict, reason, believed_t, NULL AS until_t FROM binding
WHERE obj = $obj AND act_seq = $act_seq AND rule IN (SELECT code FROM mine)
UNION ALL
SELECT t, target_seq, decided_t, due_t, verdict, reason, believed_t, until_t FROM binding_past
WHERE obj = $obj AND act_seq = $act_seq AND rule IN (SELECT code FROM mine)
ORDER BY until_t DESC NULLS FIRST, believed_t DESC LIMIT 60
