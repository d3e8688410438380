-- How the promises of each rule and team fared lately: when they were met, or for how long they were not.
SELECT rule, team, list(CASE WHEN verdict = 1 THEN decided_t - t ELSE due_t - t END) AS waited,
       list(verdict = 1) AS met, count(*) AS n
FROM (SELECT rule, team, t, due_t, decided_t, verdict FROM binding_done
      WHERE verdict IN (1, 2) AND due_t IS NOT NULL AND decided_t BETWEEN $since_t AND $now_t
        AND list_contains($rules, rule) ORDER BY decided_t DESC, obj, act_seq LIMIT $limit)
GROUP BY rule, team
