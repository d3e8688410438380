-- The same over whatever a customer did and was told in the chosen cases, as one course; an event in two of them is one.
WITH few AS (SELECT unnest($objs) AS obj),
met AS (
    SELECT e.seq, any_value(e.party) AS obj, e.t, e.ord, e.activity FROM case_event AS e JOIN few USING (obj)
    WHERE e.t >= $since_t AND e.t < $to_t AND e.party <> 0 GROUP BY e.seq, e.t, e.ord, e.activity
),
step AS (
    SELECT obj, activity, lag(activity, 1, 0) OVER course AS before, t - lag(t) OVER course AS gap,
           lead(activity, 1, 0) OVER course AS after,
           row_number() OVER (PARTITION BY obj, activity ORDER BY t, ord, seq) > 1 AS again
    FROM met WINDOW course AS (PARTITION BY obj ORDER BY t, ord, seq)
),
arc AS (
    SELECT obj, before AS source, activity AS target, gap, again FROM step
    UNION ALL SELECT obj, activity, 0, NULL, FALSE FROM step WHERE after = 0
)
SELECT -1 AS otype, source, target, count(*) AS n, count(DISTINCT obj) AS cases, coalesce(sum(gap), 0) AS dt,
       quantile_cont(gap, 0.5) AS p50, quantile_cont(gap, 0.9) AS p90, count(*) FILTER (again AND source <> 0) AS back
FROM arc GROUP BY ALL
