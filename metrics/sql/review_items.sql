-- Items of the review queue with who holds them and how they were closed: open ones gravest and oldest first, samples
-- last; closed ones newest first; or the single one with the number $item.
WITH done AS (
    SELECT item, what AS closed, login AS closed_by, at_t AS closed_t FROM review_action
    WHERE list_contains($closing, what)
), held AS (
    SELECT item, CASE WHEN arg_max(what, n) = 'claimed' THEN arg_max(login, n) END AS holder FROM review_action
    WHERE what IN ('claimed', 'released') GROUP BY item
)
SELECT i.*, r.id, r.title, r.severity, r.kind, r.help, h.holder, d.closed, d.closed_by, d.closed_t,
       count(*) OVER () AS total
FROM review_item AS i LEFT JOIN done AS d USING (item) LEFT JOIN held AS h USING (item)
LEFT JOIN rule AS r ON r.code = i.rule
WHERE $item = i.item OR $item = -1 AND (d.item IS NOT NULL) = $is_closed
  AND ($why = '' OR i.why = $why) AND ($rule = '' OR r.id = $rule)
  AND ($team = -1 OR i.team = $team) AND ($channel = -1 OR i.channel = $channel)
ORDER BY -d.closed_t, i.why = 'sample', list_position(['critical', 'high', 'medium', 'low'], r.severity), i.made_t, i.item LIMIT $limit
