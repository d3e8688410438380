-- Customers with ten messages or calls each way with me, now silent for more than three times their usual gap.
WITH talk AS (
    SELECT DISTINCT party, seq, t, direction FROM own_step
    WHERE party <> 0 AND ((is_mine AND is_touch) OR activity IN ('msg.in', 'call.in'))
),
gap AS (SELECT *, t - lag(t) OVER (PARTITION BY party ORDER BY t, seq) AS gap FROM talk)
SELECT party AS obj, max(t) AS t FROM gap GROUP BY party
HAVING least(count(*) FILTER (direction = 1), count(*) FILTER (direction = 2)) >= 10 AND $now_t - max(t) > 3 * median(gap)
    AND $now_t - max(t) > 604800000000
ORDER BY max(t), party
