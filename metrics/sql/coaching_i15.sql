-- How long each of my deals took from its first event to its end; still counting where it is open.
SELECT obj, first_t AS t, won, closed_t IS NOT NULL AS ended, coalesce(closed_t, $now_t) - first_t AS value
FROM own_case WHERE otype = 'opportunity'
