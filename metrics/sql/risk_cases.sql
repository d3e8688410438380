-- One row for each open case: how it was handed on, and over how many channels its customer had to come.
WITH told AS (
    SELECT e.obj, e.seq, e.t, e.ord, e.direction, e.channel, a.name AS act,
           e.direction = 2 AND coalesce(e.attrs ->> '$.automatic', '') <> 'true' AS is_answer
    FROM few_case_event e JOIN activity a ON a.code = e.activity WHERE e.t BETWEEN $since_t AND $now_t
), heard AS (
    SELECT obj, channel, t, max(t) OVER (PARTITION BY obj) AS last_t FROM told
    WHERE act IN ('msg.in', 'call.in') AND channel <> 0
), hops AS (
    SELECT obj, count(DISTINCT channel) AS channels FROM heard WHERE t > last_t - 604800000000 GROUP BY obj
), passed AS (
    SELECT *, lag(act) OVER (PARTITION BY obj ORDER BY t, ord, seq) = 'transfer' AS is_bare
    FROM told WHERE act = 'transfer' OR is_answer
)
SELECT o.obj, any_value(h.channels) AS channels, count(*) FILTER (p.act = 'transfer') AS transfers,
       count(*) FILTER (p.act = 'transfer' AND p.is_bare) AS bare
FROM (SELECT DISTINCT obj FROM told) o LEFT JOIN hops h USING (obj) LEFT JOIN passed p USING (obj) GROUP BY o.obj
