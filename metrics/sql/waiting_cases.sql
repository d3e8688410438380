-- The cases behind the longest waits.
SELECT f.obj, f.party, f.waiting_t, f.channel, f.team, f.actor
FROM object_fact AS f JOIN (SELECT unnest($objs) AS obj) AS few USING (obj) ORDER BY f.waiting_t, f.obj
