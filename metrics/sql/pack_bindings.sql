-- The activations that an evidence pack is about, as they are believed now (until_t NULL) and were before.
SELECT rule, obj, act_seq, t, target_seq, decided_t, due_t, verdict, reason, believed_t, NULL AS until_t FROM binding
WHERE t >= $since AND t < $until AND (NOT $few OR list_contains($objs, obj))
  AND (NOT $ruled OR list_contains($rules, rule))
UNION ALL
SELECT rule, obj, act_seq, t, target_seq, decided_t, due_t, verdict, reason, believed_t, until_t FROM binding_past
WHERE t >= $since AND t < $until AND (NOT $few OR list_contains($objs, obj))
  AND (NOT $ruled OR list_contains($rules, rule))
ORDER BY t, rule, obj, act_seq, until_t DESC NULLS FIRST, believed_t DESC LIMIT $limit
