-- Customers whose open questions are all older than thirty days, longest first.
SELECT arg_min(obj, t) AS obj, min(t) AS t FROM ask_open
WHERE t <= $now_t AND ($channel = -1 OR channel = $channel)
GROUP BY CASE WHEN customer = 0 THEN -obj ELSE customer END HAVING max(t) < $now_t - 2592000000000
ORDER BY t LIMIT 100
