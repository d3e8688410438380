-- Single bindings: broken or overdue ones (newest first), pending ones (next first), or ones that cannot be told.
WITH mine AS (
    SELECT *, CASE WHEN verdict = 0 THEN due_t ELSE coalesce(decided_t, due_t, t) END AS at_t FROM binding_open
    WHERE CASE $what WHEN 'due' THEN verdict = 0 AND due_t >= $now_t AND due_t < $soon_t
                     WHEN 'unknown' THEN verdict = 5
                     ELSE verdict = 2 OR verdict = 0 AND due_t < $now_t END
    UNION ALL
    SELECT *, coalesce(decided_t, due_t, t) AS at_t FROM binding_done
    WHERE $what <> 'due' AND verdict = CASE WHEN $what = 'unknown' THEN 5 ELSE 2 END
      AND coalesce(decided_t, due_t, t) >= $since_t
), chosen AS (
    SELECT m.*, r.id AS rule_id, r.title, r.severity, r.kind, r.help, f.actor AS owner
    FROM mine AS m JOIN rule AS r ON r.code = m.rule LEFT JOIN object_fact AS f USING (obj)
    WHERE r.active AND $rule IN ('', r.id) AND $owner IN (-1, f.actor)
      AND $team IN (-1, m.team) AND $channel IN (-1, m.channel)
)
SELECT obj, act_seq, t, due_t, at_t, verdict, reason, rule_id, title, severity, kind, help, channel, team, owner
FROM chosen
ORDER BY CASE WHEN $what = 'due' THEN at_t ELSE -at_t END, obj LIMIT $limit
