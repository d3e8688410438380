-- Each active rule: what is overdue and still open, what was broken since, what falls due soon, what cannot be told.
-- A broken promise is certain only once every source that could bring the answer is complete up to its deadline.
WITH mine AS (
    SELECT rule, verdict, due_t, verdict = 0 AND due_t < $now_t AS is_past, due_t > w.watermark_t AS is_unsure
    FROM binding_open LEFT JOIN rule_watermark AS w USING (rule)
    WHERE $team IN (-1, team) AND $channel IN (-1, channel)
    UNION ALL
    SELECT rule, verdict, due_t, FALSE, verdict = 2 AND target_seq IS NULL AND decided_t > w.watermark_t
    FROM binding_done LEFT JOIN rule_watermark AS w USING (rule)
    WHERE verdict IN (1, 2, 4, 5) AND coalesce(decided_t, due_t, t) >= $since_t
      AND $team IN (-1, team) AND $channel IN (-1, channel)
), counted AS (
    SELECT rule,
        count(*) FILTER (is_past AND is_unsure IS NOT TRUE) AS overdue,
        count(*) FILTER (verdict = 2 AND is_unsure IS NOT TRUE) AS broken,
        count(*) FILTER (verdict = 0 AND NOT is_past AND due_t < $soon_t) AS due,
        count(*) FILTER (verdict = 5 OR (is_past OR verdict = 2) AND is_unsure) AS unknown,
        count(*) FILTER (verdict IN (1, 4) OR verdict = 3 AND due_t < $now_t) AS kept
    FROM mine GROUP BY rule
)
SELECT r.id, r.title, r.severity, r.kind, r.pack, r.help, coalesce(overdue, 0) AS overdue, coalesce(broken, 0) AS broken,
       coalesce(due, 0) AS due, coalesce(unknown, 0) AS unknown, coalesce(kept, 0) AS kept
FROM rule AS r LEFT JOIN counted ON counted.rule = r.code
WHERE r.active
