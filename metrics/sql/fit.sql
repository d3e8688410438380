-- The cases that a selection means, as they are now: those that moved in the span, or ($begun) began in it.
SELECT f.obj, f.otype, f.first_t, f.last_t, f.closed_t, f.variant, f.rework, f.last_activity, f.team, f.channel, f.party
FROM object_fact AS f
WHERE list_contains($types, f.otype) AND f.first_t < $to_t
  AND f.last_t >= $from_t AND (NOT $begun OR f.first_t >= $from_t)
  AND ($team = -1 OR f.team = $team) AND ($channel = -1 OR f.channel = $channel)
  AND $apart <> (
      f.last_t - f.first_t >= $longer_us
      AND ($state = '' OR ($state = 'closed') = (f.closed_t IS NOT NULL))
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
