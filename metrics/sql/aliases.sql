-- The pseudonyms of those who took part in a few cases.
SELECT obj, code, alias FROM few_case_actor
