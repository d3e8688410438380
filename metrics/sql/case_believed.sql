-- What was believed at a moment of the rules that one case had activated.
SELECT rule, act_seq, target_seq, t, due_t, decided_t, verdict, reason FROM binding WHERE obj = $obj AND believed_t <= $at_t
UNION ALL
SELECT rule, act_seq, target_seq, t, due_t, decided_t, verdict, reason FROM binding_past
WHERE obj = $obj AND believed_t <= $at_t AND until_t > $at_t
ORDER BY t DESC, rule LIMIT 60
