-- The newest events by order of arrival.
SELECT seq, t, activity, channel, direction, team FROM event
WHERE seq >= $floor AND ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel)
ORDER BY seq DESC LIMIT $limit
