-- Cases by type that are open, and how many opened and ended in each bucket of the window.
SELECT
    (greatest(f.first_t, $since_t) - $since_t) // $bucket_us AS opened_in,
    CASE WHEN f.closed_t >= $since_t THEN (f.closed_t - $since_t) // $bucket_us END AS closed_in,
    f.first_t < $since_t AS is_older, count(*) AS n
FROM object_fact AS f
JOIN object_type AS ot ON ot.code = f.otype
WHERE (f.closed_t IS NULL OR f.closed_t >= $since_t) AND f.first_t <= $now_t
  AND list_contains($otypes, ot.name)
  AND ($team = '' OR f.team IN (SELECT code FROM team WHERE name = $team))
  AND ($channel = '' OR f.channel IN (SELECT code FROM channel WHERE name = $channel))
GROUP BY ALL
