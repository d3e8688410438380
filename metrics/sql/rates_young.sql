-- Broken by an absence that is not certain yet: the sources are not complete up to then.
SELECT rule, (t // 86400000000 - $first_day) // $step_days AS step, 2 AS was, 5 AS verdict, count(*) AS n
FROM binding_done
WHERE decided_t > $least_mark AND verdict = 2 AND target_seq IS NULL AND t >= $first_t
  AND decided_t > list_extract($marks, rule + 1) AND list_contains($rules, rule)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
