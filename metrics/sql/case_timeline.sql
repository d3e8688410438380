-- The course of one object, newest first; of one whose course is not kept (a contact, an account) by its records.
WITH course AS (
    SELECT seq, t, ord, activity, channel, direction, actor, team, source FROM case_event WHERE obj = $obj
), records AS (
    SELECT seq, t, ord, activity, channel, direction, actor, team, source FROM record
    SEMI JOIN (FROM event_object WHERE obj = $obj) USING (seq)
    WHERE NOT EXISTS (FROM course)
)
SELECT * EXCLUDE (ord) FROM (FROM course UNION ALL FROM records)
ORDER BY t DESC, ord DESC, seq DESC LIMIT $limit
