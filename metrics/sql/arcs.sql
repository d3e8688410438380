-- What directly followed what, from the sums kept while events arrive; '' is the start or the end of a case.
SELECT s.name AS source, t.name AS target, sum(d.n) AS n, sum(d.dt) AS dt
FROM agg_dfg AS d
JOIN object_type AS ot ON ot.code = d.otype AND ot.name = $otype
LEFT JOIN activity AS s ON s.code = d.source
LEFT JOIN activity AS t ON t.code = d.target
WHERE d.day >= $first_day
  AND ($team = '' OR d.team IN (SELECT code FROM team WHERE name = $team))
  AND ($channel = '' OR d.channel IN (SELECT code FROM channel WHERE name = $channel))
GROUP BY ALL HAVING sum(d.n) > 0
