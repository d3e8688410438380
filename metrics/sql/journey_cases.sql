-- Which cases a few events belong to.
SELECT e.seq, e.obj, f.otype FROM event_object e JOIN object_fact f USING (obj) WHERE list_contains($seqs, e.seq)
ORDER BY e.seq, f.otype NOT IN (SELECT otype FROM lifecycle), e.obj
