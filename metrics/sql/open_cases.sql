-- Open cases, and how many opened and ended in each bucket of the window. A case that nobody has touched for thirty
-- days (2,592,000,000,000 microseconds) is over without anybody having said so.
SELECT
    (greatest(first_t, $since_t) - $since_t) // $bucket_us AS opened_in,
    CASE WHEN closed_t >= $since_t THEN (closed_t - $since_t) // $bucket_us END AS closed_in,
    first_t < $since_t AS is_older, count(*) AS n
FROM object_fact
WHERE (closed_t IS NULL AND last_t >= $now_t - 2592000000000 OR closed_t >= $since_t) AND first_t <= $now_t
  AND list_contains($otypes, otype) AND $team IN (-1, team) AND $channel IN (-1, channel)
GROUP BY ALL
