-- What became of bindings activated since a day, from the sums kept while events arrive. Those that are broken but
-- too young to be sure of (what 5) are counted among the broken too.
SELECT rule, CASE WHEN verdict IN (1, 4) THEN 4 WHEN verdict = 5 THEN 3 ELSE 1 END AS what, NULL AS bucket, sum(n) AS n
FROM agg_rule
WHERE day >= $first_day AND verdict IN (1, 2, 4, 5)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
UNION ALL
SELECT rule, 5, NULL, count(*) FROM binding_done
WHERE decided_t > $least_mark AND t >= $begun_t AND verdict = 2 AND target_seq IS NULL
  AND decided_t > list_extract($marks, rule + 1)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
