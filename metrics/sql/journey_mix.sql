-- What customers and we said to each other, by channel and step of days.
SELECT channel, (hour // 24 - $first_day) // $step_days AS step, sum(n) AS n FROM agg_activity
WHERE hour >= $first_day * 24 AND hour <= $now_t // 3600000000 AND direction IN (1, 2)
  AND ($team = -1 OR team = $team) GROUP BY ALL HAVING sum(n) > 0
