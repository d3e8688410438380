-- How often cases were handed on since the customer's question, and when last: the team's clock begins there.
SELECT obj, count(*) AS n, max(t) AS t FROM case_event
WHERE t >= $since_t AND list_contains($objs, obj) AND activity = $transfer GROUP BY obj
