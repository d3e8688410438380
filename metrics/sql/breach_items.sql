-- Single bindings: broken or overdue ones (newest first), pending ones (next first), or ones that cannot be told.
-- A broken promise is certain only once every source that could bring the answer is complete up to its deadline.
WITH told AS (
    SELECT b.*, w.waits_for,
           CASE WHEN verdict = 0 AND due_t < $now_t THEN CASE WHEN due_t > w.watermark_t THEN 5 ELSE 2 END
                WHEN verdict = 3 AND due_t < $now_t THEN 4 ELSE verdict END AS now_verdict,
           CASE WHEN verdict = 0 THEN due_t ELSE coalesce(decided_t, due_t, t) END AS at_t
    FROM binding_open AS b LEFT JOIN rule_watermark AS w USING (rule)
    UNION ALL
    SELECT b.*, w.waits_for,
           CASE WHEN verdict = 2 AND target_seq IS NULL AND decided_t > w.watermark_t THEN 5 ELSE verdict END,
           coalesce(decided_t, due_t, t)
    FROM binding_done AS b LEFT JOIN rule_watermark AS w USING (rule)
    WHERE verdict IN (2, 5) AND $what <> 'due' AND coalesce(decided_t, due_t, t) >= $since_t
), mine AS (
    SELECT * FROM told
    WHERE CASE $what WHEN 'due' THEN now_verdict = 0 AND due_t < $soon_t
                     WHEN 'unknown' THEN now_verdict = 5 ELSE now_verdict = 2 END
), chosen AS (
    SELECT m.*, r.id AS rule_id, r.title, r.severity, r.kind, r.help, f.actor AS owner
    FROM mine AS m JOIN rule AS r ON r.code = m.rule LEFT JOIN object_fact AS f USING (obj)
    WHERE r.active AND $rule IN ('', r.id) AND $owner IN (-1, f.actor)
      AND $team IN (-1, m.team) AND $channel IN (-1, m.channel)
)
SELECT obj, act_seq, t, due_t, at_t, verdict,
       CASE WHEN now_verdict = 5 AND verdict <> 5 THEN 'waits for ' || waits_for ELSE reason END AS reason,
       rule_id, title, severity, kind, help, channel, team, owner
FROM chosen
ORDER BY CASE WHEN $what = 'due' THEN at_t ELSE -at_t END, obj LIMIT $limit
