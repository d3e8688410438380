-- Rules that ask for all or any of the objects of an activation: what each object says is kept apart (binding_part),
-- and `joint` names the activations whose answer may have changed.
CREATE OR REPLACE TEMP TABLE joint_rule AS SELECT rule, quantifier FROM rule_clock WHERE quantifier <> 'each';
CREATE OR REPLACE TEMP TABLE joint AS
SELECT DISTINCT rule, act_seq FROM bind_new SEMI JOIN joint_rule USING (rule)
UNION
SELECT DISTINCT rule, act_seq FROM binding_part SEMI JOIN touched USING (obj);
DELETE FROM binding_part WHERE obj IN (SELECT obj FROM touched);
INSERT INTO binding_part SELECT * FROM bind_new SEMI JOIN joint_rule USING (rule);
DELETE FROM bind_new WHERE rule IN (SELECT rule FROM joint_rule);
