-- Cases by their latest movement.
SELECT obj, last_t AS t, last_activity
FROM object_fact
WHERE last_t >= $since_t AND (NOT $only_open OR closed_t IS NULL) AND ($otype = -1 OR otype = $otype)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY last_t DESC, obj LIMIT $limit
