-- Those who took part in a few cases: a pseudonym that holds within the case, and the name where it may be told.
SELECT c.obj, c.code, c.alias, c.name FROM case_actor AS c WHERE list_contains($objs, c.obj)
