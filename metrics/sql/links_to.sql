-- Links of a few objects, told from the other side.
SELECT l.b AS obj, l.a AS other FROM object_object AS l JOIN (SELECT unnest($objs) AS obj) AS few ON l.b = few.obj
