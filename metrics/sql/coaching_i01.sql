-- How long each of my leads waited for my first word; still counting where there was none.
WITH lead AS (SELECT obj, min(t) AS t FROM own_step WHERE activity = 'lead.created' GROUP BY obj),
touch AS (SELECT s.obj, min(s.t) AS t FROM own_step s JOIN lead l USING (obj) WHERE s.is_touch AND s.t >= l.t GROUP BY s.obj)
SELECT l.obj, l.t, coalesce(o.t, c.closed_t, $now_t) - l.t AS value, o.t IS NOT NULL AS ended, false AS won
FROM lead l JOIN own_case c USING (obj) LEFT JOIN touch o USING (obj)
