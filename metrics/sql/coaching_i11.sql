-- The longest that the customer of each of my deals waited for us.
SELECT a.obj, c.first_t AS t, max(coalesce(a.ended_t, $now_t) - a.t) AS value, true AS ended, c.won
FROM own_ask a JOIN own_case c USING (obj) WHERE c.otype = 'opportunity' GROUP BY a.obj, c.first_t, c.won
