-- Flags of the last 90 days by team: how old the open ones are, and how soon after the flag reviews were done.
WITH told AS (
    SELECT e.obj, e.t, e.team, a.name AS act FROM case_event e JOIN activity a ON a.code = e.activity
    WHERE a.name IN ('flag.raised', 'review.done') AND e.t BETWEEN $now_t - 7776000000000 AND $now_t
      AND ($team = -1 OR e.team = $team)
), flag AS (
    SELECT f.obj, f.team, f.t, r.t AS done_t FROM (SELECT * FROM told WHERE act = 'flag.raised') f
    ASOF LEFT JOIN (SELECT * FROM told WHERE act = 'review.done') r ON r.obj = f.obj AND r.t >= f.t
)
SELECT team, count(*) FILTER (done_t IS NULL) AS open, count(*) FILTER (done_t IS NOT NULL) AS done,
       count(*) FILTER (done_t - t < 5000000) AS hasty, quantile_cont($now_t - t, 0.95) FILTER (done_t IS NULL) AS age_us,
       list(obj ORDER BY t) FILTER (done_t IS NULL)[:50] AS objs
FROM flag GROUP BY team
