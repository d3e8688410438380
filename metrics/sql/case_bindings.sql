-- Every rule that was activated for one case, with what was decided and why.
SELECT rule, act_seq, target_seq, t, due_t, decided_t, verdict, reason FROM few_binding WHERE obj = $obj
ORDER BY t DESC, rule LIMIT 60
