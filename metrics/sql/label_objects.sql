-- What objects are, by number. A plain join, not a semi-join: it lets the few numbers narrow the scope's own search.
SELECT o.obj, o.otype, o.id FROM object AS o JOIN (SELECT unnest($objs) AS obj) AS few USING (obj)
