-- Open cases, and how many opened and ended in each bucket of the window. A case that nobody has touched for thirty
-- days is over without anybody having said so.
WITH counted AS (
    SELECT first_t, CAST(NULL AS BIGINT) AS closed_t FROM case_open
    WHERE last_t >= $touched_t AND first_t <= $now_t AND list_contains($otypes, otype)
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
    UNION ALL
    SELECT first_t, closed_t FROM object_fact
    WHERE closed_t >= $since_t AND last_t >= $touched_t AND first_t <= $now_t AND list_contains($otypes, otype)
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
)
SELECT (greatest(first_t, $since_t) - $since_t) // $bucket_us AS opened_in, (closed_t - $since_t) // $bucket_us AS closed_in,
       first_t < $since_t AS is_older, count(*) AS n
FROM counted GROUP BY ALL
