-- The records of an object whose course is not kept (a contact, an account), newest first.
SELECT seq, t, activity, channel, direction, actor, team, source FROM few_record
ORDER BY t DESC, ord DESC, seq DESC LIMIT $limit
