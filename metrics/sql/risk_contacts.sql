-- How many contacts the record links to each of some deals.
SELECT l.obj, count(DISTINCT l.other) AS n FROM (
    SELECT a AS obj, b AS other FROM object_object WHERE list_contains($ids, a)
    UNION SELECT b, a FROM object_object WHERE list_contains($ids, b)) l
JOIN object o ON o.obj = l.other JOIN object_type y ON y.code = o.otype AND y.name = 'contact' GROUP BY l.obj
