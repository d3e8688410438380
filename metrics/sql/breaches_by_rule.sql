-- Each active rule: what is overdue and still open, what was broken since, what falls due soon, what cannot be told.
WITH mine AS (
    SELECT rule, verdict, due_t FROM binding_open
    WHERE $team IN (-1, team) AND $channel IN (-1, channel)
    UNION ALL
    SELECT rule, verdict, due_t FROM binding_done
    WHERE verdict IN (1, 2, 4, 5) AND coalesce(decided_t, due_t, t) >= $since_t
      AND $team IN (-1, team) AND $channel IN (-1, channel)
), counted AS (
    SELECT rule,
        count(*) FILTER (verdict = 0 AND due_t < $now_t) AS overdue,
        count(*) FILTER (verdict = 2) AS broken,
        count(*) FILTER (verdict = 0 AND due_t >= $now_t AND due_t < $soon_t) AS due,
        count(*) FILTER (verdict = 5) AS unknown,
        count(*) FILTER (verdict IN (1, 4)) AS kept
    FROM mine GROUP BY rule
)
SELECT r.id, r.title, r.severity, r.kind, r.pack, r.help, coalesce(overdue, 0) AS overdue, coalesce(broken, 0) AS broken,
       coalesce(due, 0) AS due, coalesce(unknown, 0) AS unknown, coalesce(kept, 0) AS kept
FROM rule AS r LEFT JOIN counted ON counted.rule = r.code
WHERE r.active
