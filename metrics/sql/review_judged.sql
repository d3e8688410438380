-- For each rule that only raises a signal: how often officers confirmed it, and how often they found no breach.
WITH judged AS (
    SELECT i.rule, count(*) FILTER (a.what = 'confirmed') AS hits, count(*) FILTER (a.what = 'not a breach') AS misses
    FROM review_item AS i JOIN review_action AS a USING (item) WHERE i.why = 'review' GROUP BY i.rule
)
SELECT r.id, r.title, r.severity, coalesce(j.hits, 0) AS hits, coalesce(j.misses, 0) AS misses
FROM rule AS r LEFT JOIN judged AS j ON j.rule = r.code WHERE r.kind = 'review' AND r.active ORDER BY r.id
