-- What is held of somebody's own work: how much of what kind, from which source, and from when to when.
SELECT s.title AS source, s.connector, e.activity, count(*) AS n, min(e.t) AS first_t, max(e.t) AS last_t
FROM my_events e JOIN source s ON s.code = e.source GROUP BY ALL ORDER BY n DESC, source, e.activity
