-- What a person still owes by a rule: overdue since a while at most, or due before long; next first.
SELECT rule, obj, act_seq, t, due_t FROM day_binding
WHERE verdict = 0 AND due_t >= $old_t AND list_contains($rules, rule)
  AND (due_t < $soon_t OR due_t - list_extract($nudges, rule + 1) <= $now_t)
ORDER BY due_t, obj, act_seq LIMIT $limit
