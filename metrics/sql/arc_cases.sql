-- Recent cases whose course has the step; read from the courses (variants), not from their events.
WITH having_it AS (
    SELECT variant, otype FROM variant
    WHERE otype = $otype AND CASE
        WHEN $target = -1 THEN list_contains(activities, $source)
        WHEN $source = 0 THEN activities[1] = $target
        WHEN $target = 0 THEN activities[-1] = $source
        ELSE list_contains(list_zip(activities[:-2], activities[2:]), ($source, $target)) END
)
SELECT obj, last_t AS t FROM object_fact SEMI JOIN having_it USING (variant, otype)
WHERE last_t >= $first_day * 86400000000 AND $team IN (-1, team) AND $channel IN (-1, channel)
ORDER BY last_t DESC LIMIT $limit
