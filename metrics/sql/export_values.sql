-- Which attributes the objects of each type have, and whether their values are numbers written as JSON writes them.
SELECT o.otype, c.attribute, bool_and(regexp_full_match(c.value, '-?(0|[1-9][0-9]{0,17})')) AS whole,
       bool_and(regexp_full_match(c.value, '-?(0|[1-9][0-9]{0,14})([.][0-9]{1,15})?')) AS number,
       bool_and(c.value IN ('true', 'false')) AS truth
FROM object_change AS c JOIN object AS o USING (obj)
WHERE c.value IS NOT NULL AND c.t < $until AND list_contains($otypes, o.otype) GROUP BY ALL ORDER BY ALL
