-- Those of the cases that took the step, read from their events; none of these is older than $since_t.
WITH step AS (
    SELECT e.obj, activity, lag(activity, 1, 0) OVER course AS before, lead(activity, 1, 0) OVER course AS after
    FROM case_event AS e JOIN (SELECT unnest($objs) AS obj) AS few USING (obj) WHERE e.t >= $since_t
    WINDOW course AS (PARTITION BY e.obj ORDER BY t, ord, seq)
)
SELECT DISTINCT obj FROM step
WHERE CASE WHEN $target = -1 THEN activity = $source
           WHEN $source = 0 THEN before = 0 AND activity = $target
           ELSE activity = $source AND after = $target END
