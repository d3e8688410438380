-- How long after its start the first price left for each of my deals; still counting where none has.
SELECT c.obj, c.first_t AS t, c.won, q.t IS NOT NULL AS ended, coalesce(q.t, c.closed_t, $now_t) - c.first_t AS value
FROM own_case c LEFT JOIN (SELECT obj, min(t) AS t FROM own_step WHERE activity = 'quote.sent' GROUP BY obj) q USING (obj)
WHERE c.otype = 'opportunity'
