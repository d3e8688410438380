-- Promises with a day in a person's own messages, in open cases, that nothing has followed yet: no message, call or
-- meeting of ours, and nothing that says it was kept. An event may be about several cases: any of them counts.
WITH made AS MATERIALIZED (
    SELECT seq, obj, t, attrs FROM case_event WHERE activity = $promise AND actor = $me AND t >= $since_t
), done AS (
    SELECT DISTINCT m.seq FROM made m JOIN case_event k ON k.obj = m.obj AND k.t > m.t
    WHERE k.t >= $since_t AND list_contains($doing, k.activity)
)
SELECT seq, min(obj) AS obj, any_value(t) AS t, any_value(attrs) AS attrs FROM made
WHERE seq NOT IN (SELECT seq FROM done) AND obj IN (SELECT obj FROM day_case) GROUP BY seq
