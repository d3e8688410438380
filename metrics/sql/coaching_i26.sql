-- Promises in my cases that fall due, next first.
SELECT obj, due_t AS t FROM own_binding WHERE verdict = 0 AND due_t >= $now_t ORDER BY due_t, obj, rule
