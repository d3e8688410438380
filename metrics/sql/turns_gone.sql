-- Records were taken back: their questions go, and what their answers had ended is open again until the next answer.
DELETE FROM reply WHERE seq IN (SELECT seq FROM gone);
-- The same batch may bring a late question and take back what had answered it.
DELETE FROM reply_new WHERE seq IN (SELECT seq FROM gone);
DELETE FROM ask_open WHERE seq IN (SELECT seq FROM gone);
DELETE FROM ask_done WHERE seq IN (SELECT seq FROM gone);
CREATE OR REPLACE TEMP TABLE ask_again AS
SELECT * REPLACE (NULL AS ended_t, NULL AS kind, NULL AS end_ord, NULL AS end_seq)
FROM ask_done SEMI JOIN gone ON ask_done.end_seq = gone.seq;
DELETE FROM ask_done WHERE end_seq IN (SELECT seq FROM gone);
INSERT INTO ask_open FROM ask_again;
INSERT INTO reply_new FROM reply SEMI JOIN ask_again USING (customer) WHERE customer <> 0;
INSERT INTO ending
SELECT h.obj, h.t, h.ord, h.seq, CASE WHEN l.ends THEN 3 ELSE 1 END
FROM case_event h LEFT JOIN lifecycle l ON l.otype = h.otype AND l.activity = h.activity AND l.ends
WHERE h.obj IN (SELECT obj FROM ask_again) AND h.seq NOT IN (SELECT seq FROM gone)
  AND (l.ends OR is_answer(h.direction, h.attrs));
