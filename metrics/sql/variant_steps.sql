-- The steps of a few cases in their order.
SELECT e.obj, list(e.activity ORDER BY e.t, e.ord, e.seq) AS steps FROM case_event AS e
JOIN (SELECT unnest($objs) AS obj) AS few USING (obj) WHERE e.t BETWEEN $first_t AND $last_t GROUP BY e.obj
