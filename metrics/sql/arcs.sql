-- What directly followed what, from the sums kept while events arrive; 0 is the start or the end of a case.
SELECT source, target, sum(n) AS n, sum(dt) AS dt
FROM agg_dfg
WHERE otype = $otype AND day >= $first_day
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL HAVING sum(n) > 0
