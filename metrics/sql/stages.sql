-- How long cases stay in each value of their attribute `stage`; where an open case (closed -1) is still goes on.
WITH few AS (SELECT unnest($objs) AS obj, unnest($closed) AS closed_t),
step AS (
    SELECT c.value, c.t, nullif(few.closed_t, -1) AS closed_t, lead(c.t) OVER (PARTITION BY c.obj ORDER BY c.t) AS next_t
    FROM object_change AS c JOIN few USING (obj) WHERE c.attribute = $stage AND c.t < $seen_t
)
SELECT value AS name, count(*) AS n, count(*) FILTER (next_t IS NULL AND closed_t IS NULL) AS open,
       list(coalesce(next_t, closed_t, $seen_t) - t) AS spans,
       list(next_t IS NOT NULL OR closed_t IS NOT NULL) AS ended
FROM step WHERE value IS NOT NULL AND coalesce(next_t, closed_t, $seen_t) >= t GROUP BY value
