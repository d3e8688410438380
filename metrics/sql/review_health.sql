-- How the queue itself is kept. A review counts as hasty when it came within $hasty_us of the reviewer's last look
-- into the item, or without one.
WITH closing AS (
    SELECT item, n, at_t, login FROM review_action WHERE list_contains($closing, what)
), waits AS (
    SELECT $now_t - made_t AS age FROM review_item ANTI JOIN closing USING (item)
), late AS (SELECT * FROM closing WHERE at_t >= $since_t),
looked AS (
    SELECT c.item, max(o.at_t) AS opened_t FROM late AS c
    JOIN review_action AS o ON o.item = c.item AND o.login = c.login AND o.what = 'opened' AND o.n < c.n GROUP BY c.item
), judged AS (
    SELECT count(*) AS closed, count(DISTINCT login) AS reviewers,
           count(*) FILTER (coalesce(at_t - opened_t < $hasty_us, TRUE)) AS hasty
    FROM late LEFT JOIN looked USING (item)
), made AS (
    SELECT count(*) AS made, count(*) FILTER (why = 'sample') AS sampled FROM review_item WHERE made_t >= $since_t
)
SELECT (SELECT count(*) FROM waits) AS open, (SELECT quantile_disc(age, 0.5) FROM waits) AS half_us,
       (SELECT quantile_disc(age, 0.95) FROM waits) AS most_us, judged.*, made.* FROM judged, made
