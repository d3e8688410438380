-- How the bindings of a few cases stand now. A plain join: it lets the few numbers narrow the scan.
SELECT b.rule, b.obj, b.act_seq, b.target_seq, b.t, b.due_t, b.decided_t, b.verdict, b.reason
FROM binding AS b JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
