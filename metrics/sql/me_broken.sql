-- The latest activations that say something against somebody: broken ones, and what could not be told.
SELECT b.rule, r.id, r.title, r.severity, r.kind, b.obj, b.act_seq, b.t, b.decided_t, b.verdict, b.reason
FROM my_bindings b JOIN rule r ON r.code = b.rule WHERE b.verdict IN (2, 5) OR b.verdict = 0 AND b.due_t < $now_t
ORDER BY coalesce(b.decided_t, b.due_t, b.t) DESC, b.obj LIMIT $limit
