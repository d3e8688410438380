-- How long each question in my cases waited for an answer of a person; still counting where there is none.
SELECT a.obj, a.t, coalesce(a.ended_t, $now_t) - a.t AS value, coalesce(a.kind IN (1, 2), false) AS ended, c.won
FROM own_ask a JOIN own_case c USING (obj)
