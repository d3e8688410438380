-- Customers without an answer, one row each, longest wait first. A case stands for its customer where it is known.
WITH waits AS (
    SELECT f.obj, f.otype, f.waiting_t, f.channel, f.team, f.actor, ot.name AS otype_name
    FROM object_fact AS f
    JOIN object_type AS ot ON ot.code = f.otype
    WHERE f.waiting_t IS NOT NULL AND f.closed_t IS NULL AND f.waiting_t <= $now_t
      AND ($team = '' OR f.team IN (SELECT code FROM team WHERE name = $team))
      AND ($channel = '' OR f.channel IN (SELECT code FROM channel WHERE name = $channel))
), link AS (
    SELECT a AS obj, b AS other FROM object_object SEMI JOIN waits ON a = waits.obj
    UNION ALL SELECT b, a FROM object_object SEMI JOIN waits ON b = waits.obj
), customer AS (
    SELECT link.obj, min_by(link.other, ot.name = 'account') AS customer
    FROM link
    JOIN object AS o ON o.obj = link.other
    JOIN object_type AS ot ON ot.code = o.otype AND ot.name IN ('contact', 'account')
    GROUP BY link.obj
), one_each AS (
    SELECT w.*, CASE WHEN w.otype_name = 'contact' THEN w.obj ELSE coalesce(c.customer, w.obj) END AS customer
    FROM waits AS w LEFT JOIN customer AS c USING (obj)
    QUALIFY row_number() OVER (PARTITION BY customer ORDER BY w.otype_name = 'contact', w.waiting_t) = 1
), counted AS (
    -- A message that touches a case and a contact without a link between them is still one wait.
    SELECT * FROM one_each
    QUALIFY row_number() OVER (PARTITION BY waiting_t, channel ORDER BY otype_name = 'contact', obj) = 1
)
SELECT counted.obj, counted.customer, counted.waiting_t, counted.otype_name AS otype, c.name AS channel,
       tm.name AS team, a.name AS owner, a.key AS owner_key, count(*) OVER () AS total, quantile_cont($now_t - waiting_t, 0.5) OVER () AS median_us
FROM counted
LEFT JOIN channel AS c ON c.code = counted.channel
LEFT JOIN team AS tm ON tm.code = counted.team
LEFT JOIN actor AS a ON a.code = counted.actor
WHERE ($otype = '' OR counted.otype_name = $otype) AND ($owner = '' OR a.key = $owner)
ORDER BY counted.waiting_t LIMIT $limit
