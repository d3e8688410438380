-- Hand-offs of the last 90 days by route, and who spoke first within seven days after each: we (warm), the customer
-- where they were (chase) or elsewhere (restart). Those younger than that and still silent are not counted.
WITH told AS (
    SELECT e.obj, e.seq, e.t, e.ord, e.direction, e.channel, e.team, a.name AS act,
           coalesce(e.attrs ->> '$.to', e.attrs ->> '$.to_channel', '') AS target,
           coalesce(e.attrs ->> '$.from', '') AS origin,
           coalesce(e.attrs ->> '$.automatic', '') = 'true' AS by_robot
    FROM case_event e JOIN activity a ON a.code = e.activity
    WHERE e.t BETWEEN $now_t - 8380800000000 AND $now_t
      AND a.name IN ('msg.in', 'call.in', 'msg.out', 'call.out', 'transfer', 'referral')
      AND ($team = -1 OR e.team = $team)
), course AS (
    SELECT t.*, last_value(CASE WHEN act IN ('msg.in', 'call.in') THEN channel END IGNORE NULLS) OVER before AS heard_on
    FROM told t WHERE NOT by_robot AND obj IN (SELECT obj FROM told WHERE act IN ('transfer', 'referral'))
    WINDOW before AS (PARTITION BY obj ORDER BY t, ord, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), talk AS (SELECT obj, t, direction, channel FROM course WHERE act NOT IN ('transfer', 'referral')),
handed AS (
    SELECT h.obj, h.t, h.act, h.origin, h.target, h.team, h.heard_on, k.t AS next_t, k.direction, k.channel
    FROM (SELECT * FROM course WHERE act IN ('transfer', 'referral') AND t > $now_t - 7776000000000) h
    ASOF LEFT JOIN talk k ON k.obj = h.obj AND k.t > h.t
)
SELECT act, origin, target, arg_max(obj, t) AS latest, list(obj ORDER BY t DESC)
           FILTER (direction = 1 AND channel IS DISTINCT FROM heard_on AND next_t <= t + 604800000000)[:50] AS restarted,
       count(*) FILTER (next_t <= t + 604800000000) AS n,
       count(*) FILTER (direction = 1 AND channel IS DISTINCT FROM heard_on AND next_t <= t + 604800000000) AS restarts
FROM handed GROUP BY act, origin, target
