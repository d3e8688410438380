-- The newest events, each with the most telling object it concerns: the first of the types in $order.
WITH tail AS (
    SELECT seq, t, activity, channel, direction, team FROM event
    WHERE seq >= (SELECT max(seq) FROM event) - 400 AND $team IN (-1, team) AND $channel IN (-1, channel)
    ORDER BY seq DESC LIMIT $limit
), about AS (
    SELECT eo.seq, min_by(o.obj, list_position($order, o.otype)) AS obj
    FROM event_object AS eo JOIN object AS o USING (obj)
    WHERE eo.seq >= (SELECT min(seq) FROM tail) AND list_contains($order, o.otype)
    GROUP BY eo.seq
)
SELECT tail.*, about.obj FROM tail LEFT JOIN about USING (seq) ORDER BY tail.seq DESC
