-- What was decided since a moment. what: 1 broken, 3 cannot be told, 4 kept; bucket: where in the window it broke.
SELECT rule,
       CASE WHEN verdict IN (1, 4) THEN 4
            WHEN verdict = 5 OR target_seq IS NULL AND decided_t > list_extract($marks, rule + 1) THEN 3 ELSE 1 END AS what,
       CASE WHEN verdict = 2 AND decided_t < $now_t THEN (decided_t - $since_t) // $bucket_us END AS bucket, count(*) AS n
FROM binding_done
WHERE decided_t >= $since_t AND verdict IN (1, 2, 4, 5)
  AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
GROUP BY ALL
