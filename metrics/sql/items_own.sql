-- What one person has overdue (latest first), then what falls due soon (next first): bindings of the cases that person owns.
WITH near AS MATERIALIZED (
    SELECT rule, obj, t, due_t, due_t AS at_t, verdict, reason, channel, team FROM binding_open
    WHERE verdict = 0 AND due_t < $soon_t AND list_contains($rules, rule)
      AND (due_t >= $now_t OR due_t <= list_extract($marks, rule + 1))
)
SELECT near.*, f.actor AS owner FROM object_fact AS f JOIN near USING (obj) WHERE f.actor = $owner
QUALIFY row_number() OVER (PARTITION BY due_t < $now_t ORDER BY abs(due_t - $now_t), obj) <= $limit
ORDER BY due_t >= $now_t, abs(due_t - $now_t), obj
