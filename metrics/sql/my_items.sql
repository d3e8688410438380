-- Open cases that one person owns, latest movement first.
SELECT f.obj, f.last_t AS t, f.waiting_t, act.name AS last_activity, c.name AS channel, ot.name AS otype, count(*) OVER () AS total
FROM object_fact AS f
JOIN object_type AS ot ON ot.code = f.otype AND ot.name <> 'contact'
JOIN actor AS a ON a.code = f.actor AND a.key = $owner
JOIN activity AS act ON act.code = f.last_activity
LEFT JOIN channel AS c ON c.code = f.channel
WHERE f.closed_t IS NULL
ORDER BY f.last_t DESC LIMIT $limit
