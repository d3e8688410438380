-- One event as its source told it, and when it was collected; $objs are those of its objects that are in scope.
SELECT e.seq, e.source_id, e.t, e.activity, e.channel, e.direction, e.actor, e.team, e.attrs, e.batch,
       s.id AS source, s.title AS source_title, s.connector,
       (SELECT min(l.at_t) FROM commit_log AS l WHERE l.batch = e.batch) AS collected_t
FROM few_record AS e JOIN source AS s ON s.code = e.source
WHERE e.seq = $seq
