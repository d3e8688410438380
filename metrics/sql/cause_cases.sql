-- The followed cases old enough to be judged: when each began, how long it took so far, whether it ended, was broken.
SELECT f.obj, f.first_t, coalesce(f.closed_t, greatest($now_t, f.last_t)) - f.first_t AS span, f.closed_t IS NOT NULL AS ended,
       f.obj IN (SELECT obj FROM binding_done WHERE verdict = 2 AND list_contains($rules, rule)
                 AND NOT (target_seq IS NULL AND decided_t > list_extract($marks, rule + 1))) AS broken
FROM fit AS f JOIN (SELECT unnest($objs) AS obj) AS s USING (obj)
