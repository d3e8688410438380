-- The course of one object, newest first.
SELECT seq, t, activity, channel, direction, actor, team, source
FROM case_event WHERE obj = $obj
ORDER BY t DESC, ord DESC, seq DESC LIMIT $limit
