-- On which step of a course the latest breaches lie: what followed the activation within its case, or for a rule that
-- looks back what came before it.
WITH broken AS (
    SELECT b.rule, b.obj, b.act_seq, b.t FROM binding_done AS b WHERE b.verdict = 2 AND list_contains($rules, b.rule)
    AND NOT (b.target_seq IS NULL AND b.decided_t > list_extract($marks, b.rule + 1))
    AND b.t >= $from_t AND b.t < $to_t AND ($everybody OR b.obj IN (SELECT unnest($objs)))
    AND ($team = -1 OR b.team = $team) AND ($channel = -1 OR b.channel = $channel)
    ORDER BY b.t DESC, b.obj, b.act_seq LIMIT $most
), step AS (
    SELECT e.obj, e.otype, e.seq, e.activity, lag(e.activity, 1, 0) OVER course AS before,
           lead(e.activity, 1, 0) OVER course AS after
    FROM case_event AS e JOIN (SELECT DISTINCT obj FROM broken) AS few USING (obj) WHERE e.t >= $since_t
    WINDOW course AS (PARTITION BY e.obj ORDER BY e.t, e.ord, e.seq)
)
SELECT s.otype, b.rule, CASE WHEN list_contains($back, b.rule) THEN s.before ELSE s.activity END AS source,
       CASE WHEN list_contains($back, b.rule) THEN s.activity ELSE s.after END AS target, count(*) AS n
FROM broken AS b JOIN step AS s ON s.obj = b.obj AND s.seq = b.act_seq
WHERE list_contains($types, s.otype) GROUP BY ALL
