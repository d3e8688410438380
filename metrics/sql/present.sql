-- Of which types there are cases.
SELECT DISTINCT otype FROM object_fact
