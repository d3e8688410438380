-- Recent cases that took the step: read from the events of the latest cases, whose number bounds the work.
WITH recent AS (
    SELECT obj, last_t FROM object_fact
    WHERE otype = $otype AND last_t >= $first_day * 86400000000 AND $team IN (-1, team) AND $channel IN (-1, channel)
    ORDER BY last_t DESC LIMIT 3000
), step AS (
    SELECT obj, activity, lag(activity, 1, 0) OVER course AS before, lead(activity, 1, 0) OVER course AS after
    FROM case_event SEMI JOIN recent USING (obj)
    WINDOW course AS (PARTITION BY obj ORDER BY t, ord, seq)
), taken AS (
    SELECT DISTINCT obj FROM step
    WHERE CASE WHEN $target = -1 THEN activity = $source
               WHEN $source = 0 THEN before = 0 AND activity = $target
               ELSE activity = $source AND after = $target END
)
SELECT obj, last_t AS t FROM recent SEMI JOIN taken USING (obj) ORDER BY last_t DESC LIMIT $limit
