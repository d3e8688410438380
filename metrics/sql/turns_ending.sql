-- What ends questions in the cases of the batch; all of it where a question is new, as that may have come late.
INSERT INTO ending
SELECT h.obj, h.t, h.ord, h.seq, CASE WHEN l.ends THEN 3 ELSE 1 END
FROM (SELECT obj, t, ord, seq, otype, activity, direction, attrs FROM hist
      WHERE in_new AND (NOT in_old OR obj IN (SELECT obj FROM ask_new))) h
LEFT JOIN (FROM lifecycle WHERE ends) l ON l.otype = h.otype AND l.activity = h.activity
WHERE l.ends OR is_answer(h.direction, h.attrs);
