-- What had happened in some cases by some moments: one row a snapshot and activity. Two moments of a case are two
-- snapshots. An event at the very moment counts.
WITH snap AS (SELECT unnest($places) AS place, unnest($ids) AS obj, unnest($ats) AS at_t)
SELECT s.place, e.activity, count(*) AS n, max(e.t) AS last_t, min(e.t) AS first_t
FROM snap s JOIN few_case_event e ON e.obj = s.obj AND e.t <= s.at_t
WHERE e.t >= $since_t GROUP BY s.place, e.activity
