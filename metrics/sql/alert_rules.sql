-- Active rules as alerts name them, and how far the sources that could bring the answer of each are complete.
SELECT r.code, r.id, r.title, r.severity, r.kind, r.nudge_us, w.watermark_t
FROM rule AS r LEFT JOIN rule_watermark AS w ON w.rule = r.code WHERE r.active
