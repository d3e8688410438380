-- Questions that were answered in their case, and whether the answer came in the channel of the question.
SELECT a.obj, a.t, c.won, true AS ended, CAST(e.channel = a.channel AS DOUBLE) AS value
FROM own_ask a JOIN own_case c USING (obj) JOIN own_step e ON e.obj = a.obj AND e.seq = a.end_seq WHERE a.kind = 1
