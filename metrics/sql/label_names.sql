-- Names and titles of a few objects.
SELECT n.obj, n.attribute, n.value FROM object_now AS n JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
WHERE n.attribute IN ($name, $title)
