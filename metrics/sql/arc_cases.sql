-- Recent cases whose course has the step; read from the courses (variants), not from their events.
WITH code AS (
    SELECT coalesce((SELECT code FROM activity WHERE name = $source AND name <> ''), 0) AS s,
           coalesce((SELECT code FROM activity WHERE name = $target AND name <> ''), 0) AS t
), having_it AS (
    SELECT v.variant, v.otype FROM variant AS v, code
    WHERE CASE WHEN $source = '' THEN v.activities[1] = code.t
               WHEN $target = '' THEN v.activities[-1] = code.s
               ELSE list_contains(list_zip(v.activities[:-2], v.activities[2:]), (code.s, code.t)) END
)
SELECT f.obj, f.last_t AS t FROM object_fact AS f SEMI JOIN having_it USING (variant, otype)
JOIN object_type AS ot ON ot.code = f.otype AND ot.name = $otype
WHERE f.last_t >= $first_day * 86400000000
  AND ($team = '' OR f.team IN (SELECT code FROM team WHERE name = $team))
  AND ($channel = '' OR f.channel IN (SELECT code FROM channel WHERE name = $channel))
ORDER BY f.last_t DESC LIMIT $limit
