-- Open cases that one person owns, latest movement first.
WITH own AS MATERIALIZED (
    SELECT obj, last_t, last_activity FROM case_open WHERE actor = $owner
)
SELECT obj, last_t AS t, last_activity, (SELECT count(*) FROM own) AS total FROM own ORDER BY last_t DESC, obj LIMIT $limit
