-- Who did each step of one case.
SELECT e.seq, e.actor FROM case_event AS e
WHERE e.obj = $obj AND e.actor <> 0 AND e.t >= (SELECT min(f.first_t) FROM object_fact AS f WHERE f.obj = $obj)
