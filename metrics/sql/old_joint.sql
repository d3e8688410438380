-- What was believed of the touched objects; of rules about several objects, what was believed of the activation.
CREATE OR REPLACE TEMP TABLE bind_old AS
WITH every AS (FROM binding_open UNION ALL FROM binding_done)
SELECT * FROM every SEMI JOIN touched USING (obj) ANTI JOIN joint_rule USING (rule)
UNION ALL
SELECT * FROM every SEMI JOIN joint_rule USING (rule) SEMI JOIN joint USING (rule, act_seq);
