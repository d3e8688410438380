-- Bindings that are not decided, as they stand now: how many of each rule, and the next ones that fall due.
-- what: 0 overdue and still open, 2 falls due soon, 3 cannot be told, 4 kept; bucket: where in the window it fell due.
-- A broken promise is certain only once every source that could bring the answer is complete up to its deadline.
WITH standing AS MATERIALIZED (
    SELECT rule, obj, t, due_t, reason, channel, team,
           CASE WHEN verdict = 3 THEN CASE WHEN due_t < $now_t THEN 4 END
                WHEN due_t >= $now_t THEN 2
                WHEN due_t > list_extract($marks, rule + 1) THEN 3 ELSE 0 END AS what
    FROM binding_open
    WHERE due_t < $soon_t AND list_contains($rules, rule)
      AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
), next AS (
    SELECT rule, obj, t, due_t, reason, channel, team FROM standing WHERE what = 2 ORDER BY due_t, obj LIMIT $limit
)
SELECT rule, what, CASE WHEN what = 0 AND due_t >= $since_t THEN (due_t - $since_t) // $bucket_us END AS bucket, count(*) AS n
FROM standing WHERE what IS NOT NULL GROUP BY ALL
UNION ALL BY NAME
SELECT next.*, 0 AS verdict, due_t AS at_t FROM next
