-- When a few objects moved last.
SELECT f.obj, f.last_t FROM object_fact AS f JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
