-- The newest events, each with the most telling object it concerns.
WITH tail AS (
    SELECT seq, t, activity, channel, direction, team FROM event
    WHERE seq >= (SELECT max(seq) FROM event) - 400
      AND ($team = '' OR team IN (SELECT code FROM team WHERE name = $team))
      AND ($channel = '' OR channel IN (SELECT code FROM channel WHERE name = $channel))
    ORDER BY seq DESC LIMIT 14
), about AS (
    SELECT eo.seq, min_by(o.obj, list_position($order, ot.name)) AS obj
    FROM event_object AS eo
    JOIN object AS o USING (obj)
    JOIN object_type AS ot ON ot.code = o.otype
    WHERE eo.seq >= (SELECT min(seq) FROM tail) AND list_contains($order, ot.name)
    GROUP BY eo.seq
)
SELECT tail.seq, tail.t, a.name AS activity, c.name AS channel, tail.direction, tm.name AS team, about.obj, o.id, ot.name AS otype
FROM tail
JOIN activity AS a ON a.code = tail.activity
LEFT JOIN channel AS c ON c.code = tail.channel
LEFT JOIN team AS tm ON tm.code = tail.team
LEFT JOIN about USING (seq)
LEFT JOIN object AS o USING (obj)
LEFT JOIN object_type AS ot ON ot.code = o.otype
ORDER BY tail.seq DESC
