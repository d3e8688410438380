-- My deals that are thirty days old, and whether two of us or more had worked on each by then.
SELECT c.obj, c.first_t AS t, c.won, true AS ended, CAST(count(DISTINCT s.who) >= 2 AS DOUBLE) AS value
FROM own_case c LEFT JOIN own_step s ON s.obj = c.obj AND s.direction <> 1 AND s.who <> 0 AND s.t <= c.first_t + 2592000000000
WHERE c.otype = 'opportunity' AND c.first_t <= $now_t - 2592000000000 GROUP BY c.obj, c.first_t, c.won
