-- What is known of the newer cases in few words: attributes with a handful of values, for choosing cases by them.
WITH word AS (
    SELECT n.attribute, n.value, count(*) AS n FROM object_now AS n JOIN object_fact AS f USING (obj)
    WHERE n.obj > $floor AND f.obj > $floor AND list_contains($types, f.otype) AND NOT list_contains($never, n.attribute)
      AND n.value IS NOT NULL AND length(n.value) < 40 GROUP BY ALL
)
SELECT attribute, value, n FROM word WHERE attribute IN (
    SELECT attribute FROM word GROUP BY attribute HAVING count(*) BETWEEN 2 AND $most AND sum(n) >= 20)
ORDER BY attribute, n DESC, value
