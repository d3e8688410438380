-- A few records by number, newest first. The numbers narrow the scope's own search, which a condition would not.
SELECT r.seq, r.t, r.activity, r.channel, r.direction, r.actor, r.team, r.source
FROM record AS r JOIN (SELECT unnest($seqs) AS seq) AS few USING (seq)
ORDER BY r.t DESC, r.ord DESC, r.seq DESC LIMIT $limit
