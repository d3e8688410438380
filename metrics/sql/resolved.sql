-- Cases that were declared solved in the span, and what came within seven days: the customer or a reopening in the same
-- case (back), or else the same customer with another case in whatever channel (elsewhere). One row each time that a case
-- was solved; where seven days have not passed yet it is young.
WITH old AS (
    SELECT e.seq, e.obj, e.t, f.channel FROM case_event e JOIN object_fact f USING (obj)
    WHERE e.activity = $resolved AND e.t >= $since_t AND e.t <= $now_t
      AND ($team = -1 OR e.team = $team) AND ($channel = -1 OR f.channel = $channel)
), who AS (SELECT DISTINCT obj, customer FROM ask SEMI JOIN old USING (obj) WHERE customer <> 0
), asked AS (FROM ask WHERE t > $since_t
), back AS (
    SELECT o.seq FROM old o JOIN asked a ON a.obj = o.obj AND a.t > o.t AND a.t <= o.t + $week
    UNION SELECT o.seq FROM old o JOIN case_event e ON e.obj = o.obj AND e.t > o.t AND e.t <= o.t + $week
    WHERE e.activity = $reopened AND e.t > $since_t
), elsewhere AS (
    SELECT DISTINCT o.seq FROM old o JOIN who w USING (obj)
    JOIN asked a ON a.customer = w.customer AND a.obj <> o.obj AND a.t > o.t AND a.t <= o.t + $week
)
SELECT o.obj, o.t, CASE WHEN b.seq IS NOT NULL THEN 'back' WHEN o.t > $now_t - $week THEN 'young'
                        WHEN e.seq IS NOT NULL THEN 'elsewhere' ELSE 'held' END AS fate
FROM old o LEFT JOIN back b USING (seq) LEFT JOIN elsewhere e USING (seq)
