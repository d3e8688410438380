-- Which of a few people and events are the reader's own or of somebody the reader answers to.
SELECT code, NULL AS seq FROM barred_actor WHERE list_contains($actors, code)
UNION ALL
SELECT NULL, e.seq FROM event AS e JOIN (SELECT unnest($seqs) AS seq) AS few USING (seq)
WHERE e.actor IN (SELECT code FROM barred_actor)
