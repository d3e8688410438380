-- What the reader has overdue (latest first), then what falls due soon (next first). In a rep's scope the undecided
-- bindings are those of the cases that this person answers for.
SELECT rule, obj, t, due_t, due_t AS at_t, verdict, reason, channel, team FROM binding_open
WHERE verdict = 0 AND due_t < $soon_t AND list_contains($rules, rule)
  AND (due_t >= $now_t OR due_t <= list_extract($marks, rule + 1))
QUALIFY row_number() OVER (PARTITION BY due_t < $now_t ORDER BY abs(due_t - $now_t), obj) <= $limit
ORDER BY due_t >= $now_t, abs(due_t - $now_t), obj
