-- Promises that are not met yet and not overdue either.
SELECT b.rule, r.id, r.title, r.template, b.obj, b.t, b.due_t, b.team, b.channel
FROM binding_open b JOIN rule r ON r.code = b.rule
WHERE b.verdict = 0 AND b.due_t > $now_t AND b.t <= $now_t AND r.active
  AND ($team = -1 OR b.team = $team) AND ($channel = -1 OR b.channel = $channel)
ORDER BY b.due_t, b.obj LIMIT $limit
