-- The account each object is linked to, or else the contact; links have no direction here.
WITH wanted AS (SELECT unnest($objs) AS obj),
link AS (
    SELECT a AS obj, b AS other FROM object_object SEMI JOIN wanted ON a = wanted.obj
    UNION ALL SELECT b, a FROM object_object SEMI JOIN wanted ON b = wanted.obj
)
SELECT link.obj, min_by(link.other, (o.otype <> $account, link.other)) AS other
FROM link JOIN object AS o ON o.obj = link.other
WHERE o.otype IN ($account, $contact)
GROUP BY link.obj
