-- Activity of the window in buckets; that of the same span before it as one (-1).
SELECT CASE WHEN t < $since_t THEN -1 ELSE (t - $since_t) // $bucket_us END AS bucket,
       CASE WHEN t >= $since_t THEN team END AS team, CASE WHEN t >= $since_t THEN channel END AS channel,
       CASE WHEN t >= $since_t THEN direction END AS direction, count(*) AS n
FROM event
WHERE t >= $before_t AND t < $now_t AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
