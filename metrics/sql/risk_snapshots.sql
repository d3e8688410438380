-- What had happened in some cases by some moments, one row a snapshot: the activities, how often each, and when last.
-- Two moments of a case are two snapshots. An event at the very moment counts.
WITH snap AS (SELECT unnest($places) AS place, unnest($ids) AS obj, unnest($ats) AS at_t),
done AS (
    SELECT s.place, e.activity, count(*) AS n, max(e.t) AS last_t
    FROM snap s JOIN few_case_event e ON e.obj = s.obj AND e.t <= s.at_t
    WHERE e.t >= $since_t GROUP BY s.place, e.activity
)
SELECT place, list(activity) AS acts, list(n) AS counts, arg_max(activity, last_t) AS latest, max(last_t) AS last_t
FROM done GROUP BY place ORDER BY place
