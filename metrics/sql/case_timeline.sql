-- The course of one object, newest first.
SELECT e.seq, e.t, act.name AS activity, c.name AS channel, e.direction, a.name AS actor, tm.name AS team, s.title AS source
FROM case_event AS e
JOIN activity AS act ON act.code = e.activity
JOIN source AS s ON s.code = e.source
LEFT JOIN channel AS c ON c.code = e.channel
LEFT JOIN actor AS a ON a.code = e.actor
LEFT JOIN team AS tm ON tm.code = e.team
WHERE e.obj = $obj
ORDER BY e.t DESC, e.ord DESC, e.seq DESC LIMIT $limit
