-- The objects of a few events. The bounds say the same as the list, in a form that the store can skip by.
SELECT eo.seq, eo.obj FROM event_object AS eo JOIN (SELECT unnest($seqs) AS seq) AS few USING (seq)
WHERE eo.seq BETWEEN $first AND $last
