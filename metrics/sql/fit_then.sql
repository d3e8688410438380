-- The cases that a selection meant at the end of a period, from the events up to then: those that moved in it, or
-- ($begun) began in it. Of the endings only the last is kept, so one that was brought back counts as open.
SELECT f.obj, f.otype, f.first_t, w.last_t, w.closed_t, '' AS variant, 0 AS rework, w.last_activity, f.team, f.channel,
       f.party
FROM object_fact AS f JOIN (
    SELECT c.obj, max(c.t) AS last_t, arg_max(c.activity, (c.t, c.ord, c.seq)) AS last_activity,
           max(CASE WHEN g.closed_t < $to_t THEN g.closed_t END) AS closed_t
    FROM case_event AS c JOIN (
        SELECT obj, closed_t, first_t FROM object_fact
        WHERE list_contains($types, otype) AND first_t < $to_t AND last_t >= $from_t
          AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)) AS g USING (obj)
    WHERE c.t < $to_t GROUP BY c.obj
) AS w USING (obj)
WHERE w.last_t >= $from_t AND (NOT $begun OR f.first_t >= $from_t)
  AND $apart <> (
      w.last_t - f.first_t >= $longer_us
      AND ($state = '' OR ($state = 'closed') = (w.closed_t IS NOT NULL))
      AND ($variant = '' OR f.variant = $variant)
      AND ($n_via = 0 OR f.obj IN (
          SELECT e.obj FROM case_event AS e JOIN (SELECT unnest($via) AS activity) AS v USING (activity)
          WHERE list_contains($types, e.otype) AND e.t < $to_t GROUP BY e.obj HAVING count(DISTINCT e.activity) = $n_via))
      AND ($n_without = 0 OR f.obj NOT IN (
          SELECT e.obj FROM case_event AS e JOIN (SELECT unnest($without) AS activity) AS v USING (activity)
          WHERE list_contains($types, e.otype) AND e.t < $to_t))
      AND ($n_known = 0 OR f.obj IN (
          SELECT o.obj FROM object_now AS o
          JOIN (SELECT unnest($attributes) AS attribute, unnest($values) AS value) AS k USING (attribute, value)
          GROUP BY o.obj HAVING count(DISTINCT o.attribute) = $n_known)))
