-- The pseudonyms of those who took part in a few cases. The list is a plain condition, so that it is looked at before
-- pseudonyms are made: these cost more than the search.
SELECT c.obj, c.code, c.alias FROM case_actor AS c WHERE list_contains($objs, c.obj)
