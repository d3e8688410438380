-- Items of the review queue with who holds them and how they were closed: open ones gravest and oldest first, samples
-- last; closed ones newest first; or the single one with the number $item. Words are looked up for the few that show.
WITH done AS (
    SELECT item, what AS closed, login AS closed_by, at_t AS closed_t FROM review_action
    WHERE list_contains($closing, what)
), held AS (
    SELECT item, CASE WHEN arg_max(what, n) = 'claimed' THEN arg_max(login, n) END AS holder FROM review_action
    WHERE what IN ('claimed', 'released') GROUP BY item
), graded AS (
    SELECT code, id, title, severity, kind, help,
           list_position(['critical', 'high', 'medium', 'low'], severity) AS grade FROM rule
), fitting AS (
    SELECT i.item, i.made_t, d.closed_t, 10 * CAST(i.why = 'sample' AS INTEGER) + coalesce(g.grade, 5) AS place
    FROM review_item AS i LEFT JOIN done AS d USING (item) LEFT JOIN graded AS g ON g.code = i.rule
    WHERE $item = i.item OR $item = -1 AND (d.item IS NOT NULL) = $is_closed
      AND ($why = '' OR i.why = $why) AND ($rule = '' OR g.id = $rule)
      AND ($team = -1 OR i.team = $team) AND ($channel = -1 OR i.channel = $channel)
), few AS (
    SELECT * FROM fitting ORDER BY -closed_t, place, made_t, item LIMIT $limit
)
SELECT i.*, g.id, g.title, g.severity, g.kind, g.help, h.holder, d.closed, d.closed_by, d.closed_t,
       (SELECT count(*) FROM fitting) AS total
FROM few AS f JOIN review_item AS i USING (item) LEFT JOIN done AS d USING (item) LEFT JOIN held AS h USING (item)
LEFT JOIN graded AS g ON g.code = i.rule
ORDER BY -f.closed_t, f.place, f.made_t, f.item
