-- The deals that ended latest: the history that thresholds and forecasts come from.
SELECT obj, first_t, closed_t, party FROM object_fact
WHERE list_contains($otypes, otype) AND closed_t <= $now_t ORDER BY closed_t DESC, obj LIMIT $limit
