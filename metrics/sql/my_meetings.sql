-- Meetings that a person held lately in open cases after which nothing was planned and no day was promised.
WITH held AS MATERIALIZED (
    SELECT seq, obj, t FROM case_event WHERE activity = $meeting AND actor = $me AND t BETWEEN $since_t AND $now_t
), done AS (
    SELECT DISTINCT m.seq FROM held m JOIN case_event k ON k.obj = m.obj AND k.t >= m.t AND k.seq <> m.seq
    WHERE k.t >= $since_t AND list_contains($planning, k.activity)
)
SELECT seq, min(obj) AS obj, any_value(t) AS t FROM held
WHERE seq NOT IN (SELECT seq FROM done) AND obj IN (SELECT obj FROM day_case) GROUP BY seq
