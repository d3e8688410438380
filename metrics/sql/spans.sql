-- How long each followed case took, or has taken, and whether it is over.
SELECT list(coalesce(closed_t, greatest($now_t, last_t)) - first_t) AS spans, list(closed_t IS NOT NULL) AS ended
FROM fit WHERE list_contains($objs, obj)
