-- Every source with what it brought in the last hour.
WITH lately AS (
    SELECT source, sum(n_new) AS n, max(at_t) AS at_t FROM commit_log WHERE at_t >= $hour_t GROUP BY source
)
SELECT s.code, s.id, s.connector, s.title, s.blind, s.state, s.message, s.since_t, s.next_t, s.seen_t, s.watermark_t, s.behind,
       s.n_new, s.n_again, s.n_aside, coalesce(l.n, 0) AS n_hour
FROM source AS s LEFT JOIN lately AS l ON l.source = s.code
ORDER BY s.id
