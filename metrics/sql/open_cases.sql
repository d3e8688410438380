-- Open cases, and how many opened and ended in each bucket of the window. A case that nobody has touched for thirty
-- days is over without anybody having said so; what ended in the window was also touched in it.
SELECT
    (greatest(first_t, $since_t) - $since_t) // $bucket_us AS opened_in,
    CASE WHEN closed_t >= $since_t THEN (closed_t - $since_t) // $bucket_us END AS closed_in,
    first_t < $since_t AS is_older, count(*) AS n
FROM object_fact
WHERE last_t >= $touched_t AND (closed_t IS NULL OR closed_t >= $since_t) AND first_t <= $now_t
  AND list_contains($otypes, otype) AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
