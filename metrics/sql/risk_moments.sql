-- When a few cases moved last.
SELECT obj, last_t AS t FROM object_fact WHERE list_contains($ids, obj) ORDER BY last_t DESC
