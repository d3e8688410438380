-- Open cases that one person owns, latest movement first.
SELECT obj, last_t AS t, last_activity, count(*) OVER () AS total
FROM object_fact
WHERE closed_t IS NULL AND actor = $owner AND otype <> $contact
ORDER BY last_t DESC LIMIT $limit
