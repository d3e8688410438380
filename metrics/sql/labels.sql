-- What a few objects are called, whose they are, and which customer they belong to.
WITH wanted AS (SELECT unnest($objs) AS obj),
known AS (
    SELECT n.obj, max(n.value) FILTER (a.name IN ('name', 'title')) AS name, max(n.value) FILTER (a.name = 'stage') AS stage
    FROM object_now AS n SEMI JOIN wanted USING (obj)
    JOIN attribute AS a ON a.code = n.attribute AND a.name IN ('name', 'title', 'stage')
    GROUP BY n.obj
), link AS (
    SELECT a AS obj, b AS other FROM object_object SEMI JOIN wanted ON a = wanted.obj
    UNION ALL SELECT b, a FROM object_object SEMI JOIN wanted ON b = wanted.obj
), customer AS (
    SELECT link.obj, min_by(link.other, (ot.name <> 'account', link.other)) AS other
    FROM link JOIN object AS o ON o.obj = link.other
    JOIN object_type AS ot ON ot.code = o.otype AND ot.name IN ('contact', 'account')
    GROUP BY link.obj
)
SELECT o.obj, o.id, ot.name AS otype, k.name, k.stage, c.id AS customer_id,
       (SELECT max(n.value) FROM object_now AS n JOIN attribute AS a ON a.code = n.attribute AND a.name = 'name'
        WHERE n.obj = customer.other) AS customer_name
FROM object AS o SEMI JOIN wanted USING (obj)
JOIN object_type AS ot ON ot.code = o.otype
LEFT JOIN known AS k USING (obj)
LEFT JOIN customer USING (obj)
LEFT JOIN object AS c ON c.obj = customer.other
