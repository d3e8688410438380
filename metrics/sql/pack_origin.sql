-- Where events come from: their records, when each was collected, and who did it.
SELECT e.seq, e.source_id, e.t, e.activity, e.channel, e.direction, e.actor, e.team, s.id AS source,
       s.title AS source_title, (SELECT min(l.at_t) FROM commit_log AS l WHERE l.batch = e.batch) AS collected_t
FROM record AS e JOIN source AS s ON s.code = e.source
WHERE e.seq IN (SELECT unnest($seqs)) AND e.seq >= $low AND e.seq <= $high ORDER BY e.t, e.ord, e.seq
