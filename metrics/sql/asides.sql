-- Records set aside, by source and reason.
SELECT s.id AS source, q.reason, count(*) AS n, max(q.at_t) AS last_t
FROM quarantine AS q JOIN source AS s ON s.code = q.source
GROUP BY ALL ORDER BY n DESC, q.reason LIMIT 40
