-- Customers without an answer, one row each, longest wait first. A case stands for its customer where it is known.
WITH waits AS (
    SELECT obj, otype, waiting_t, channel, team, actor FROM object_fact
    WHERE waiting_t <= $now_t AND closed_t IS NULL AND $team IN (-1, team) AND $channel IN (-1, channel)
      AND $owner IN (-1, actor)
), link AS (
    SELECT a AS obj, b AS other FROM object_object SEMI JOIN waits ON a = waits.obj
    UNION ALL SELECT b, a FROM object_object SEMI JOIN waits ON b = waits.obj
), customer AS (
    SELECT link.obj, min_by(link.other, (o.otype <> $contact, link.other)) AS customer
    FROM link JOIN object AS o ON o.obj = link.other
    WHERE o.otype IN ($contact, $account)
    GROUP BY link.obj
), one_each AS (
    SELECT w.*, CASE WHEN w.otype = $contact THEN w.obj ELSE coalesce(c.customer, w.obj) END AS customer
    FROM waits AS w LEFT JOIN customer AS c USING (obj)
    QUALIFY row_number() OVER (PARTITION BY customer ORDER BY w.otype = $contact, w.waiting_t) = 1
), counted AS (
    -- A message that touches a case and a contact without a link between them is still one wait.
    SELECT * FROM one_each
    QUALIFY row_number() OVER (PARTITION BY waiting_t, channel ORDER BY otype = $contact, obj) = 1
)
SELECT *, count(*) OVER () AS total, median($now_t - waiting_t) OVER () AS median_us
FROM counted WHERE $otype IN (-1, otype)
ORDER BY waiting_t LIMIT $limit
