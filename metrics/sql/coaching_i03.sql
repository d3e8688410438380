-- My open cases in which a customer waits, longest first.
SELECT a.obj, min(a.t) AS t FROM own_ask a JOIN own_case c USING (obj)
WHERE a.ended_t IS NULL AND c.closed_t IS NULL GROUP BY a.obj ORDER BY min(a.t), a.obj
