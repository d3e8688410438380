-- Each active rule: what is overdue and still open, what was broken since, what falls due soon, what cannot be told.
WITH mine AS (
    SELECT rule, verdict, due_t, decided_t FROM binding_open
    WHERE ($team = '' OR team IN (SELECT code FROM team WHERE name = $team))
      AND ($channel = '' OR channel IN (SELECT code FROM channel WHERE name = $channel))
    UNION ALL
    SELECT rule, verdict, due_t, decided_t FROM binding_done
    WHERE verdict IN (1, 2, 4, 5) AND coalesce(decided_t, due_t, t) >= $since_t
      AND ($team = '' OR team IN (SELECT code FROM team WHERE name = $team))
      AND ($channel = '' OR channel IN (SELECT code FROM channel WHERE name = $channel))
)
SELECT r.id, r.title, r.severity, r.kind, r.pack, r.help,
    count(*) FILTER (m.verdict = 0 AND m.due_t < $now_t) AS overdue,
    count(*) FILTER (m.verdict = 2) AS broken,
    count(*) FILTER (m.verdict = 0 AND m.due_t >= $now_t AND m.due_t < $soon_t) AS due,
    count(*) FILTER (m.verdict = 5) AS unknown,
    count(*) FILTER (m.verdict IN (1, 4)) AS kept
FROM rule AS r LEFT JOIN mine AS m ON m.rule = r.code
WHERE r.active
GROUP BY ALL
