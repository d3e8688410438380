-- One event as its source told it, and when it was collected.
SELECT e.seq, e.source_id, e.t, act.name AS activity, c.name AS channel, e.direction, a.name AS actor, tm.name AS team,
       e.attrs, e.batch, s.id AS source, s.title AS source_title, s.connector,
       (SELECT min(l.at_t) FROM commit_log AS l WHERE l.batch = e.batch) AS collected_t
FROM record AS e
JOIN activity AS act ON act.code = e.activity
JOIN source AS s ON s.code = e.source
LEFT JOIN channel AS c ON c.code = e.channel
LEFT JOIN actor AS a ON a.code = e.actor
LEFT JOIN team AS tm ON tm.code = e.team
WHERE e.seq = $seq
