-- Rules broken in each bucket of the window, overdue ones at the moment they fell due.
SELECT (at_t - $since_t) // $bucket_us AS bucket, count(*) AS n
FROM (
    SELECT CASE WHEN verdict = 0 THEN due_t ELSE coalesce(decided_t, due_t, t) END AS at_t, team, channel
    FROM binding_open WHERE verdict = 2 OR verdict = 0 AND due_t < $now_t
    UNION ALL
    SELECT coalesce(decided_t, due_t, t), team, channel FROM binding_done WHERE verdict = 2
)
WHERE at_t >= $since_t AND at_t < $now_t AND $team IN (-1, team) AND $channel IN (-1, channel)
GROUP BY ALL
