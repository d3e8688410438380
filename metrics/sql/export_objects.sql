-- Objects of wished types by their numbers.
SELECT obj, otype, id FROM object
WHERE obj >= $low AND obj < $high AND (NOT $few OR obj IN (SELECT unnest($objs))) AND list_contains($otypes, otype)
ORDER BY obj
