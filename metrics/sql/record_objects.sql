-- The objects an event concerns and the role each has in it.
SELECT o.obj, o.id, ot.name AS otype, q.name AS qualifier
FROM event_object AS eo JOIN object AS o USING (obj) JOIN object_type AS ot ON ot.code = o.otype
LEFT JOIN qualifier AS q ON q.code = eo.qualifier
WHERE eo.seq = $seq ORDER BY ot.name, o.id
