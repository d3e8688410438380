-- Events by their numbers, within a span of time.
SELECT seq, source, source_id, t, ord, activity, channel, direction, actor, team, attrs FROM record
WHERE seq >= $low AND seq < $high AND (NOT $few OR seq IN (SELECT unnest($seqs))) AND t >= $since AND t < $until
ORDER BY seq
