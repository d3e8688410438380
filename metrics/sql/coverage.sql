-- Each activity that a rule names in a role, with each source that has ever brought it.
SELECT DISTINCT r.id, t.role, t.activity, s.id AS source
FROM rule AS r JOIN rule_term AS t ON t.rule = r.code
LEFT JOIN activity_source AS a ON a.activity = t.activity LEFT JOIN source AS s ON s.code = a.source
WHERE r.active
