-- Those who took part in one case, with the name where it may be told.
SELECT c.code, c.alias, c.name FROM case_actor AS c WHERE c.obj = $obj
