-- Directly-follows arcs by signed difference: those of the course as it is now, less those of the course before.
-- The start of a case is arc source 0, its end arc target 0. Ties in time are ordered by ord, as everywhere.
INSERT INTO agg_dfg
WITH side AS (
    SELECT 1 AS sign, obj, otype, t, rn, team, channel, activity FROM hist WHERE in_new AND otype IN (SELECT unnest($flow))
    UNION ALL
    SELECT -1, obj, otype, t, rn, team, channel, activity FROM hist WHERE in_old AND otype IN (SELECT unnest($flow))
), paired AS (
    SELECT *, lag(activity, 1, 0) OVER course AS before, coalesce(t - lag(t) OVER course, 0) AS gap,
           lead(activity) OVER course IS NULL AS is_last
    FROM side WINDOW course AS (PARTITION BY sign, obj ORDER BY rn)
), arc AS (
    SELECT sign, t // 86400000000 AS day, team, channel, otype, before AS source, activity AS target, gap FROM paired
    UNION ALL
    SELECT sign, t // 86400000000, team, channel, otype, activity, 0, 0 FROM paired WHERE is_last
)
SELECT day, team, channel, otype, source, target, sum(sign), sum(sign * gap)
FROM arc GROUP BY ALL HAVING sum(sign) <> 0 OR sum(sign * gap) <> 0;
