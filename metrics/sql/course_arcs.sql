-- What directly followed what in the courses of a few cases up to a moment: how often, in how many of them, the time
-- between, and how often the step led back to an activity the case had been at before. 0 is the start or the end.
WITH few AS (SELECT unnest($objs) AS obj),
met AS (
    SELECT e.seq, e.obj, e.otype, e.t, e.ord, e.activity FROM case_event AS e JOIN few USING (obj)
    WHERE e.t >= $since_t AND e.t < $to_t
),
step AS (
    SELECT obj, otype, activity, lag(activity, 1, 0) OVER course AS before, t - lag(t) OVER course AS gap,
           lead(activity, 1, 0) OVER course AS after,
           row_number() OVER (PARTITION BY obj, activity ORDER BY t, ord, seq) > 1 AS again
    FROM met WINDOW course AS (PARTITION BY obj ORDER BY t, ord, seq)
),
arc AS (
    SELECT otype, obj, before AS source, activity AS target, gap, again FROM step
    UNION ALL SELECT otype, obj, activity, 0, NULL, FALSE FROM step WHERE after = 0
)
SELECT otype, source, target, count(*) AS n, count(DISTINCT obj) AS cases, coalesce(sum(gap), 0) AS dt,
       quantile_cont(gap, 0.5) AS p50, quantile_cont(gap, 0.9) AS p90, count(*) FILTER (again AND source <> 0) AS back
FROM arc GROUP BY ALL
