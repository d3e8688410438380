-- Events by hour for each direction and activity, from the sums kept while events arrive: the hours and their counts.
WITH told AS (
    SELECT hour, direction, activity, CAST(sum(n) AS BIGINT) AS n FROM agg_activity
    WHERE hour >= $first_hour AND hour < $end_hour
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
    GROUP BY ALL HAVING sum(n) > 0
)
SELECT direction, activity, min(hour) AS begun, list(hour) AS hours, list(n) AS counts FROM told GROUP BY ALL
