-- One row for each customer with an open deal: whose work the two-way talk is, and its volume week by week.
WITH whose AS (
    SELECT unnest($parties) AS party, unnest($parties) AS customer
    UNION SELECT o.obj, o.firm FROM object o WHERE list_contains($parties, o.firm) AND o.firm <> 0
), talk AS (
    SELECT DISTINCT w.customer, e.seq, e.t, e.actor, e.direction, e.team, a.name AS act, e.attrs FROM case_event e
    JOIN whose w ON w.party = e.party JOIN activity a ON a.code = e.activity
    WHERE e.t BETWEEN $now_t - 7862400000000 AND $now_t
      AND a.name IN ('msg.in', 'msg.out', 'call.in', 'call.out', 'meeting.held', 'flag.raised')
      AND coalesce(e.attrs ->> '$.automatic', '') <> 'true'
), ours AS (
    SELECT customer, actor, count(*) AS n FROM talk WHERE act IN ('msg.out', 'call.out', 'meeting.held') AND actor <> 0
    GROUP BY ALL
), spread AS (SELECT customer, max(n) / sum(n) AS top_share, sum(n) AS n_ours FROM ours GROUP BY customer),
weeks AS (
    SELECT customer, ($now_t - t) // 604800000000 AS week, count(*) FILTER (act <> 'flag.raised') AS n,
           count(*) FILTER (act = 'msg.in' OR act = 'call.in') AS n_in FROM talk GROUP BY ALL
), volume AS (
    SELECT customer, coalesce(sum(n) FILTER (week = 0), 0) AS this_week, max(week) AS oldest,
           list(n) FILTER (week BETWEEN 1 AND 12) AS weeks, sum(n_in) AS n_in FROM weeks GROUP BY customer
), invited AS (
    SELECT customer, count(*) FILTER (t > $now_t - 2592000000000 AND (act = 'flag.raised'
               AND attrs ->> '$.signal' = 'off_channel' OR attrs ->> '$.approved' = 'false')) AS off FROM talk GROUP BY ALL
)
SELECT v.customer AS obj, s.top_share, coalesce(s.n_ours, 0) AS n_ours, coalesce(v.n_in, 0) AS n_in, v.this_week, v.oldest, v.weeks, i.off
FROM volume v LEFT JOIN spread s USING (customer) LEFT JOIN invited i USING (customer)
