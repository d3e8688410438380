-- What is known of a few objects, names and titles among it.
SELECT n.obj, n.attribute, n.value FROM object_now AS n JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
