-- How many cases fit, and of no more than $most of them, spread evenly over all, the numbers and moments. A customer's
-- cases ($by_party) are taken together.
SELECT count(*) AS total, count(closed_t) AS closed, min(first_t) FILTER (few) AS since_t, list(obj) FILTER (few) AS objs,
       list(first_t) FILTER (few) AS began, list(last_t) FILTER (few) AS moved, list(closed_t) FILTER (few) AS ended
FROM (SELECT *, count(*) OVER () <= $most OR
             (CASE WHEN $by_party THEN party ELSE obj END * 2654435761::BIGINT) % 4294967296
             < 4294967296 * $most / count(*) OVER () AS few
      FROM fit WHERE NOT $by_party OR party <> 0)
