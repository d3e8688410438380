-- The objects an event concerns and the role each has in it.
SELECT eo.obj, q.name AS qualifier
FROM event_object AS eo JOIN (SELECT unnest($seqs) AS seq) AS few USING (seq)
LEFT JOIN qualifier AS q ON q.code = eo.qualifier
