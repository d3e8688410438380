-- What ends questions in the cases of the batch; all of it where a question is new, as that may have come late.
INSERT INTO ending
WITH told AS (
    FROM hist SEMI JOIN ask_new USING (obj) WHERE in_new
    UNION ALL FROM hist ANTI JOIN ask_new USING (obj) WHERE in_new AND NOT in_old
)
SELECT h.obj, h.t, h.ord, h.seq, CASE WHEN l.ends THEN 3 ELSE 1 END
FROM told h LEFT JOIN lifecycle l ON l.otype = h.otype AND l.activity = h.activity AND l.ends
WHERE l.ends OR is_answer(h.direction, h.attrs);
