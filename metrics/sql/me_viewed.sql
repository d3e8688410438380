-- Who looked at somebody's work, latest first.
SELECT at_t, login, role, what, obj, purpose, count(*) OVER () AS total FROM viewed ORDER BY at_t DESC, login LIMIT $limit
