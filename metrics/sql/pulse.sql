-- Activity of the window and of the same span before it, in buckets.
SELECT (t - $before_t) // $bucket_us AS bucket, team, channel, direction, count(*) AS n
FROM event
WHERE t >= $before_t AND t < $now_t AND $team IN (-1, team) AND $channel IN (-1, channel)
GROUP BY ALL
