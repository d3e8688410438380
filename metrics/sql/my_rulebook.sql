-- Active rules, how far the absence of an answer to each is certain, and whether an answer to the customer is one.
SELECT r.code, r.id, r.title, r.severity, r.kind, r.help, r.nudge_us, w.watermark_t,
       r.code IN (SELECT rule FROM rule_term WHERE role = 2 AND list_contains($answers, activity)) AS is_reply
FROM rule AS r LEFT JOIN rule_watermark AS w ON w.rule = r.code WHERE r.active
