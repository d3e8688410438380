-- Events by hour, direction and activity, from the sums kept while events arrive.
SELECT hour, direction, activity, sum(n) AS n FROM agg_activity
WHERE hour >= $first_hour AND hour < $end_hour
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL HAVING sum(n) > 0
