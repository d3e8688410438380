-- The batch's events of contacts whose activity some rule names; `mark` then keeps those that a rule looks at.
CREATE OR REPLACE TEMP TABLE hist AS
SELECT f.*, TRUE AS in_new, f.t * 2048 AS pos FROM fresh_party f
WHERE EXISTS (SELECT 1 FROM rule_term r WHERE r.otype = f.otype AND r.activity = f.activity);
