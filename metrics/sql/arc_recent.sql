-- The cases of a type that moved latest, in whose courses a step is looked for; their number bounds the work.
SELECT obj, last_t AS t, first_t FROM object_fact
WHERE otype = $otype AND last_t >= $first_day * 86400000000
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY last_t DESC, obj LIMIT 3000
