-- How long cases stay after an activity until their next one; what an open case (closed -1) has done last still goes on.
WITH few AS (SELECT unnest($objs) AS obj, unnest($closed) AS closed_t),
step AS (
    SELECT e.activity, e.t, few.closed_t, lead(e.t) OVER (PARTITION BY e.obj ORDER BY e.t, e.ord, e.seq) AS next_t
    FROM case_event AS e JOIN few USING (obj) WHERE e.t >= $since_t AND e.t < $seen_t
)
SELECT activity, count(*) AS n, count(*) FILTER (next_t IS NULL) AS open,
       list(coalesce(next_t, $seen_t) - t) AS spans, list(next_t IS NOT NULL) AS ended
FROM step WHERE next_t IS NOT NULL OR closed_t < 0 GROUP BY activity
