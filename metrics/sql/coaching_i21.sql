-- Dated promises in my cases that were due, and whether they were kept in time.
SELECT b.obj, b.t, c.won, true AS ended, CAST(b.verdict = 1 AS DOUBLE) AS value
FROM own_binding b JOIN own_case c USING (obj) WHERE starts_with(b.rule_id, 'COR-06') AND b.verdict IN (1, 2)
