-- Active rules, and how far the sources that could bring the answer of each are complete.
SELECT r.code, r.id, r.title, r.severity, r.kind, r.pack, r.help, w.watermark_t, w.waits_for
FROM rule AS r LEFT JOIN rule_watermark AS w ON w.rule = r.code WHERE r.active
