-- Where one case stands.
SELECT f.first_t, f.last_t, f.n, f.closed_t, f.waiting_t, f.rework, c.name AS channel, tm.name AS team, a.name AS owner
FROM object_fact AS f
LEFT JOIN channel AS c ON c.code = f.channel
LEFT JOIN team AS tm ON tm.code = f.team
LEFT JOIN actor AS a ON a.code = f.actor
WHERE f.obj = $obj
