-- How many relations the objects of the wished types have, by their numbers: how many of them make one portion.
SELECT eo.obj // 500 AS span, count(*) AS n FROM event_object AS eo JOIN object AS o USING (obj)
WHERE list_contains($otypes, o.otype) GROUP BY span ORDER BY span
