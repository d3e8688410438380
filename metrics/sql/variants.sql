-- The ways that cases went, most frequent first: how many went it, the time the ended ones took, how they end, and
-- one of them to read the steps from.
SELECT variant, count(*) AS n, count(closed_t) AS closed, min(obj) AS obj, arg_min(first_t, obj) AS first_t,
       arg_min(last_t, obj) AS last_t, quantile_cont(closed_t - first_t, 0.5) AS p50, max(rework) AS rework,
       count(*) FILTER (closed_t IS NOT NULL AND last_activity = $won) AS won,
       sum(count(*)) OVER () AS total, count(*) OVER () AS variants, otype
FROM fit GROUP BY variant, otype ORDER BY n DESC, variant LIMIT $limit
