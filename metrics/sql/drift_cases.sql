-- The cases in which it happened in a stretch of time, latest first.
SELECT e.obj, max(e.t) AS t, arg_max(e.activity, e.t) AS last_activity FROM case_event AS e
WHERE e.t >= $from_t AND e.t < $to_t AND ($direction = -1 OR e.direction = $direction)
  AND ($activity = -1 OR e.activity = $activity)
  AND ($team = -1 OR e.team = $team) AND ($channel = -1 OR e.channel = $channel)
GROUP BY e.obj ORDER BY t DESC, e.obj LIMIT $limit
