-- All events of contacts whose activity some rule names, from the records themselves.
CREATE OR REPLACE TEMP TABLE hist AS
SELECT DISTINCT e.seq, o.obj, o.otype, e.t, e.ord, e.source, e.activity, e.channel, e.direction, e.actor, e.team,
       0 AS party, e.attrs,
       TRUE AS in_new, e.t * 2048 AS pos
FROM event e JOIN event_object x USING (seq) JOIN object o ON o.obj = x.obj
WHERE list_contains($party, o.otype) AND (o.otype, e.activity) IN (SELECT otype, activity FROM rule_term)
  AND e.seq >= $low AND e.seq < $high;
