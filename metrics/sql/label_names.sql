SELECT obj, value FROM object_now SEMI JOIN (SELECT unnest($objs) AS obj) USING (obj) WHERE attribute = $attribute
