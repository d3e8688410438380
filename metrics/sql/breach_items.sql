-- Single bindings: broken or overdue ones (newest first), or pending ones (next first).
WITH mine AS (
    SELECT *, CASE WHEN verdict = 0 THEN due_t ELSE coalesce(decided_t, due_t, t) END AS at_t FROM binding_open
    WHERE CASE WHEN $what = 'due' THEN verdict = 0 AND due_t >= $now_t AND due_t < $soon_t
               WHEN $what = 'unknown' THEN verdict = 5
               ELSE verdict = 2 OR verdict = 0 AND due_t < $now_t END
    UNION ALL
    SELECT *, coalesce(decided_t, due_t, t) AS at_t FROM binding_done
    WHERE $what <> 'due' AND verdict = CASE WHEN $what = 'unknown' THEN 5 ELSE 2 END
      AND coalesce(decided_t, due_t, t) >= $since_t
)
SELECT m.obj, m.act_seq, m.t, m.due_t, m.at_t, m.verdict, m.reason, r.id AS rule, r.title, r.severity, r.kind, r.help,
       c.name AS channel, tm.name AS team, a.name AS owner, a.key AS owner_key, ot.name AS otype
FROM mine AS m
JOIN rule AS r ON r.code = m.rule
JOIN object AS o ON o.obj = m.obj
JOIN object_type AS ot ON ot.code = o.otype
LEFT JOIN channel AS c ON c.code = m.channel
LEFT JOIN team AS tm ON tm.code = m.team
LEFT JOIN actor AS a ON a.code = m.actor
WHERE r.active AND ($rule = '' OR r.id = $rule) AND ($owner = '' OR a.key = $owner)
  AND ($team = '' OR tm.name = $team) AND ($channel = '' OR c.name = $channel)
ORDER BY CASE WHEN $what = 'due' THEN m.at_t ELSE -m.at_t END, m.obj LIMIT $limit
