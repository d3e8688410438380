-- Bring the stored bindings of touched objects into line: only rows that changed are written, what they said
-- before (bind_old) is kept with the interval in which it was believed, and the sums move by the difference.
CREATE OR REPLACE TEMP TABLE bind_gone AS
SELECT o.* FROM bind_old o WHERE NOT EXISTS (
    SELECT 1 FROM bind_new n WHERE n.rule = o.rule AND n.obj = o.obj AND n.act_seq = o.act_seq AND n.verdict = o.verdict
    AND n.target_seq IS NOT DISTINCT FROM o.target_seq AND n.due_t IS NOT DISTINCT FROM o.due_t
    AND n.decided_t IS NOT DISTINCT FROM o.decided_t AND n.reason = o.reason);

CREATE OR REPLACE TEMP TABLE bind_come AS
SELECT n.*, CAST($at_us AS BIGINT) AS believed_t FROM bind_new n WHERE NOT EXISTS (
    SELECT 1 FROM bind_old o WHERE n.rule = o.rule AND n.obj = o.obj AND n.act_seq = o.act_seq AND n.verdict = o.verdict
    AND n.target_seq IS NOT DISTINCT FROM o.target_seq AND n.due_t IS NOT DISTINCT FROM o.due_t
    AND n.decided_t IS NOT DISTINCT FROM o.decided_t AND n.reason = o.reason);

INSERT INTO binding_past SELECT *, $at_us FROM bind_gone;
DELETE FROM binding_open USING bind_gone g
WHERE binding_open.rule = g.rule AND binding_open.obj = g.obj AND binding_open.act_seq = g.act_seq;
DELETE FROM binding_done USING (FROM bind_gone WHERE verdict <> 0) g
WHERE binding_done.rule = g.rule AND binding_done.obj = g.obj AND binding_done.act_seq = g.act_seq;
-- What time alone will decide lives apart: promises, and prohibitions that end at a moment.
INSERT INTO binding_open SELECT * FROM bind_come WHERE verdict = 0 OR verdict = 3 AND due_t IS NOT NULL;
INSERT INTO binding_done SELECT * FROM bind_come WHERE verdict <> 0 AND (verdict <> 3 OR due_t IS NULL)
ORDER BY decided_t;

INSERT INTO agg_rule
SELECT t // 86400000000, team, channel, rule, verdict, sum(sign)
FROM (SELECT *, 1 AS sign FROM bind_come UNION ALL SELECT *, -1 FROM bind_gone)
GROUP BY ALL HAVING sum(sign) <> 0;
