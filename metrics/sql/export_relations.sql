-- The objects of wished types that these events concern.
SELECT DISTINCT eo.seq, eo.obj, eo.qualifier, o.otype, o.id FROM event_object AS eo JOIN object AS o USING (obj)
WHERE eo.seq >= $low AND eo.seq < $high AND (NOT $few OR eo.seq IN (SELECT unnest($seqs)))
  AND list_contains($otypes, o.otype)
ORDER BY eo.seq, o.otype, o.id, eo.qualifier
