-- The account or contact that took part in the latest event of each object.
WITH latest AS (
    SELECT obj, max(seq) AS seq FROM case_event SEMI JOIN (SELECT unnest($objs) AS obj) USING (obj) GROUP BY obj
)
SELECT latest.obj, min_by(o.obj, (o.otype <> $account, o.obj)) AS other
FROM latest JOIN event_object AS eo USING (seq) JOIN object AS o ON o.obj = eo.obj
WHERE o.otype IN ($account, $contact) AND o.obj <> latest.obj
GROUP BY latest.obj
