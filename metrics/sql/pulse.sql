-- Activity of the window and of the same span before it, in buckets.
SELECT (e.t - $before_t) // $bucket_us AS bucket, e.team, e.channel, e.direction, count(*) AS n
FROM event AS e
WHERE e.t >= $before_t AND e.t < $now_t
  AND ($team = '' OR e.team IN (SELECT code FROM team WHERE name = $team))
  AND ($channel = '' OR e.channel IN (SELECT code FROM channel WHERE name = $channel))
GROUP BY ALL
