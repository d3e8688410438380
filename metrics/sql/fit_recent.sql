-- The chosen cases that moved latest.
SELECT obj, last_t AS t, first_t, last_activity FROM fit ORDER BY last_t DESC, obj LIMIT $limit
