-- Those who took part in one case, with the name where it may be told.
SELECT code, alias, name FROM few_case_actor
