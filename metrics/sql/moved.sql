-- Cases by their latest movement.
SELECT obj, last_t AS t, last_activity
FROM object_fact
WHERE last_t >= $since_t AND (NOT $only_open OR closed_t IS NULL) AND otype <> $contact
  AND $otype IN (-1, otype) AND $team IN (-1, team) AND $channel IN (-1, channel)
ORDER BY last_t DESC LIMIT $limit
