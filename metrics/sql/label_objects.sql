SELECT obj, otype, id FROM object SEMI JOIN (SELECT unnest($objs) AS obj) USING (obj)
