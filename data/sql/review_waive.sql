-- Excuse a binding at once; deciding its case again comes to the same (metrics/sql/waive.sql).
CREATE OR REPLACE TEMP TABLE excused AS
SELECT * FROM binding WHERE rule = $rule AND obj = $obj AND act_seq = $act_seq AND verdict IN (0, 2, 3, 5);
INSERT INTO binding_past SELECT *, $at FROM excused;
INSERT INTO agg_rule SELECT t // 86400000000, team, channel, rule, verdict, -1 FROM excused
UNION ALL SELECT t // 86400000000, team, channel, rule, 6, 1 FROM excused;
DELETE FROM binding_open WHERE rule = $rule AND obj = $obj AND act_seq = $act_seq;
DELETE FROM binding_done WHERE rule = $rule AND obj = $obj AND act_seq = $act_seq;
INSERT INTO binding_done SELECT * REPLACE (
    CAST(6 AS UTINYINT) AS verdict, 'excused by a reviewer' AS reason, coalesce(decided_t, due_t, t) AS decided_t,
    CAST($at AS BIGINT) AS believed_t) FROM excused;
