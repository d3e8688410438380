-- Which events concern the objects of one portion.
SELECT DISTINCT eo.seq, eo.obj FROM event_object AS eo JOIN object AS o USING (obj)
WHERE eo.obj >= $low AND eo.obj < $high AND list_contains($otypes, o.otype)
  AND (NOT $few OR list_contains($cases, eo.obj))
