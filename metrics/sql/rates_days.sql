-- What became of activations by the day on which they began, from the sums kept while events arrive.
SELECT rule, (day - $first_day) // $step_days AS step, verdict, sum(n) AS n FROM agg_rule
WHERE day >= $first_day AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
