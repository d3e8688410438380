-- The batch's events of objects without a flow of their own (contacts), as far as some rule names their activity.
CREATE OR REPLACE TEMP TABLE hist AS
SELECT f.*, TRUE AS in_new, f.t * 2048 AS pos FROM fresh f
WHERE otype NOT IN (SELECT unnest($flow)) AND EXISTS (
    SELECT 1 FROM rule_term r WHERE r.otype = f.otype AND r.activity = f.activity);
