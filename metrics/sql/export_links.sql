-- How these objects are linked to others of wished types.
SELECT DISTINCT l.a, l.b, l.qualifier, o.otype, o.id FROM object_object AS l JOIN object AS o ON o.obj = l.b
WHERE l.a >= $low AND l.a < $high AND (NOT $few OR l.a IN (SELECT unnest($objs)))
  AND list_contains($otypes, o.otype)
ORDER BY l.a, o.otype, o.id, l.qualifier
