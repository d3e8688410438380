-- Items closed since a moment within $hasty_us of the reviewer's last look into them, or without one; newest first.
WITH closing AS (
    SELECT item, n, at_t, login FROM review_action WHERE list_contains($closing, what) AND at_t >= $since_t
), looked AS (
    SELECT c.item, max(o.at_t) AS opened_t FROM closing AS c
    JOIN review_action AS o ON o.item = c.item AND o.login = c.login AND o.what = 'opened' AND o.n < c.n GROUP BY c.item
)
SELECT i.obj, c.at_t AS t FROM closing AS c JOIN review_item AS i USING (item) LEFT JOIN looked AS l USING (item)
WHERE coalesce(c.at_t - l.opened_t < $hasty_us, TRUE) ORDER BY c.at_t DESC LIMIT $limit
