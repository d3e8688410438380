-- My leads and deals in which nobody ever answered and that are over or silent for two weeks: were there three tries?
WITH talk AS (
    SELECT obj, count(*) FILTER (is_touch) AS tries, count(*) FILTER (direction = 1) AS heard, max(t) AS last_t
    FROM own_step GROUP BY obj
)
SELECT c.obj, c.first_t AS t, c.won, true AS ended, CAST(k.tries >= 3 AS DOUBLE) AS value
FROM own_case c JOIN talk k USING (obj)
WHERE c.otype IN ('lead', 'opportunity') AND k.tries > 0 AND k.heard = 0
  AND (c.closed_t IS NOT NULL OR k.last_t <= $now_t - 1209600000000)
