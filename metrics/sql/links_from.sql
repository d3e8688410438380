-- Links of a few objects, told from their side. What is linked to them is another statement: two searches in one
-- would let the store make the whole scope up once for both.
SELECT l.a AS obj, l.b AS other FROM object_object AS l JOIN (SELECT unnest($objs) AS obj) AS few ON l.a = few.obj
