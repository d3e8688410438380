-- What was promised in answer to open questions and is still pending: the earliest deadline of each case.
SELECT obj, min(due_t) AS due_t, arg_min(rule, due_t) AS rule FROM binding_open
WHERE verdict = 0 AND due_t IS NOT NULL AND list_contains($objs, obj) AND list_contains($seqs, act_seq) GROUP BY obj
