-- Objects by id or name.
SELECT o.obj, coalesce(f.last_t, 0) AS t
FROM object AS o
JOIN object_type AS ot ON ot.code = o.otype AND ot.name NOT IN ('message', 'person')
LEFT JOIN object_fact AS f USING (obj)
WHERE contains(lower(o.id), $text)
   OR o.obj IN (SELECT n.obj FROM object_now AS n JOIN attribute AS a ON a.code = n.attribute AND a.name IN ('name', 'title')
                WHERE contains(lower(n.value), $text))
ORDER BY f.last_t DESC NULLS LAST LIMIT 40
