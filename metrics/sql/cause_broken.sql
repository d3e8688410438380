-- Which of a few cases broke one of the rules.
SELECT DISTINCT b.obj FROM binding_done AS b JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
WHERE b.verdict = 2 AND list_contains($rules, b.rule)
  AND NOT (b.target_seq IS NULL AND b.decided_t > list_extract($marks, b.rule + 1))
