-- How deals that were won went: quantiles by segment, and by stage where that matters, each with the number behind it.
WITH told AS (
    SELECT e.obj, e.seq, e.t, e.ord, e.direction, e.attrs, a.name AS act,
           a.name IN ('msg.in', 'msg.out', 'call.in', 'call.out', 'meeting.held')
               AND coalesce(e.attrs ->> '$.automatic', '') <> 'true' AS is_talk
    FROM few_case_event e JOIN activity a ON a.code = e.activity WHERE e.t >= $since_t
), won AS (
    SELECT obj, min(t) AS first_t, max(t) FILTER (act = 'opportunity.won') AS won_t FROM told GROUP BY obj
    HAVING count(*) FILTER (act = 'opportunity.won') > 0
), said AS (
    SELECT v.obj, max(v.value) FILTER (a.name = 'segment') AS segment,
           try_cast(max(v.value) FILTER (a.name = 'amount') AS DOUBLE) AS amount
    FROM few_object_now v JOIN attribute a ON a.code = v.attribute WHERE a.name IN ('segment', 'amount') GROUP BY v.obj
), course AS (
    SELECT k.*, w.first_t, w.won_t, coalesce(s.segment, '') AS segment, s.amount, coalesce(last_value(
               CASE WHEN act = 'stage.changed' THEN attrs ->> '$.to'
                    WHEN act = 'opportunity.created' THEN attrs ->> '$.stage' END IGNORE NULLS)
               OVER (PARTITION BY k.obj ORDER BY k.t, k.ord, k.seq), '') AS stage
    FROM told k JOIN won w USING (obj) LEFT JOIN said s USING (obj) WHERE k.t <= w.won_t
), talk AS (
    SELECT *, t - lag(t) OVER one AS gap, direction <> coalesce(lag(direction) OVER one, 9) AS turns
    FROM course WHERE is_talk AND direction <> 0 WINDOW one AS (PARTITION BY obj ORDER BY t, ord, seq)
), turn AS (
    SELECT segment, direction, lag(stage) OVER one AS stage, t - lag(t) OVER one AS gap FROM talk WHERE turns
    WINDOW one AS (PARTITION BY obj ORDER BY t, ord, seq)
), visit AS (
    SELECT segment, stage, begun_t, lead(begun_t, 1, won_t) OVER (PARTITION BY obj ORDER BY begun_t, ord, seq) AS end_t
    FROM (SELECT obj, segment, won_t, t AS begun_t, ord, seq, stage FROM course
          WHERE act IN ('stage.changed', 'opportunity.created'))
)
SELECT 'reply' AS what, segment, coalesce(stage, '') AS stage, count(*) AS n, quantile_cont(gap, 0.9) AS q
FROM turn WHERE direction = 1 AND gap IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'gap', segment, '', count(*), quantile_cont(gap, 0.9) FROM talk WHERE gap IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'stage', segment, stage, count(*), quantile_cont(end_t - begun_t, 0.8) FROM visit GROUP BY ALL
UNION ALL SELECT 'price', segment, '', count(*), quantile_cont(price_t, 0.75) FROM (
    SELECT segment, obj, min(t) - any_value(first_t) AS price_t FROM course WHERE act = 'quote.sent' GROUP BY ALL)
    GROUP BY ALL
UNION ALL SELECT 'amount', segment, '', count(*), median(amount) FROM (
    SELECT DISTINCT obj, segment, amount FROM course WHERE amount IS NOT NULL) GROUP BY ALL
UNION ALL SELECT 'order', '', stage, count(*), avg(place) FROM (
    SELECT stage, row_number() OVER (PARTITION BY obj ORDER BY t, ord, seq) AS place FROM course
    WHERE act IN ('stage.changed', 'opportunity.created')) GROUP BY ALL
