-- What time alone has decided since: overdue promises are violated, or cannot be told while a source is late;
-- prohibitions whose time is over were kept.
SELECT rule, (t // 86400000000 - $first_day) // $step_days AS step, verdict AS was,
       CASE WHEN verdict = 3 THEN 4 WHEN due_t > list_extract($marks, rule + 1) THEN 5 ELSE 2 END AS verdict, count(*) AS n
FROM binding_open
WHERE due_t < $now_t AND t >= $first_t AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
