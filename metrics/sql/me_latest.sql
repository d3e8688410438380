-- The latest of somebody's own events, with the source that told of each and the case it is about: one with a course of
-- its own rather than a contact or account.
SELECT e.seq, e.t, e.activity, e.channel, s.title AS source,
       coalesce(min(x.obj) FILTER (c.first_t IS NOT NULL), min(x.obj)) AS obj
FROM (SELECT * FROM my_events ORDER BY t DESC, seq DESC LIMIT $limit) e
JOIN source s ON s.code = e.source LEFT JOIN event_object x ON x.seq = e.seq LEFT JOIN my_cases c ON c.obj = x.obj
GROUP BY ALL ORDER BY e.t DESC, e.seq DESC
