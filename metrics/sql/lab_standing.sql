-- Each trial binding as it stands now: what was due is broken where every source that could have brought the answer is
-- past that moment, and cannot be told before.
CREATE OR REPLACE TEMP TABLE trial AS
WITH mark AS (
    SELECT r.rule, min(coalesce(s.watermark_t, CASE WHEN s.state = 'off' THEN 9000000000000000 ELSE 0 END)) AS watermark_t
    FROM (SELECT DISTINCT rule, activity FROM rule_term WHERE role = 2 OR role >= 10) r
    JOIN activity_source a USING (activity) JOIN source s ON s.code = a.source GROUP BY r.rule
)
SELECT b.* EXCLUDE (verdict), CASE
    WHEN b.verdict = 0 AND b.due_t < $now_t THEN CASE WHEN b.due_t <= coalesce(m.watermark_t, 9000000000000000) THEN 2 ELSE 5 END
    WHEN b.verdict = 3 AND b.due_t < $now_t AND b.due_t <= coalesce(m.watermark_t, 9000000000000000) THEN 4
    ELSE b.verdict END AS verdict
FROM trial_binding b LEFT JOIN mark m USING (rule) WHERE b.t >= $since_t AND b.t < $until_t;
