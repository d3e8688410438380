-- How far the sources of each rule's answer can have been complete at a past moment: no further than they are now, and
-- no further than the last thing they had brought by then. A source that had brought nothing yet was not waited for.
WITH last AS (SELECT source, max(at_t) AS at_t FROM commit_log WHERE at_t <= $asof_t GROUP BY source)
SELECT r.rule, min(CASE WHEN s.watermark_t IS NULL THEN CASE WHEN s.state = 'off' THEN 9000000000000000 ELSE 0 END
                        WHEN s.watermark_t > l.at_t THEN l.at_t ELSE s.watermark_t END) AS watermark_t
FROM (SELECT DISTINCT rule, activity FROM rule_term WHERE role = 2) AS r
JOIN activity_source AS a USING (activity) JOIN source AS s ON s.code = a.source JOIN last AS l ON l.source = s.code
GROUP BY r.rule
