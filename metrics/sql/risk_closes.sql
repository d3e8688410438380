-- Deals won in the last two years: the day and the discount of the last price before.
WITH won AS (
    SELECT e.obj, max(e.t) AS won_t FROM few_case_event e JOIN activity a ON a.code = e.activity
    WHERE a.name = 'opportunity.won' AND e.t > $now_t - 63072000000000 AND e.t <= $now_t GROUP BY e.obj
), priced AS (
    SELECT w.obj, any_value(w.won_t) AS won_t, arg_max(try_cast(e.attrs ->> '$.discount' AS DOUBLE), e.t) AS discount
    FROM few_case_event e JOIN activity a ON a.code = e.activity AND a.name = 'quote.sent' JOIN won w ON w.obj = e.obj
    WHERE e.t <= w.won_t GROUP BY w.obj
), placed AS (
    SELECT *, date_diff('day', make_timestamp(won_t)::DATE,
                        (date_trunc('quarter', make_timestamp(won_t)) + INTERVAL 3 MONTH)::DATE) <= 5 AS is_late,
           discount > (SELECT quantile_cont(discount, 0.9) FROM priced) AS is_deep
    FROM priced WHERE discount IS NOT NULL
)
SELECT count(*) AS n, count(*) FILTER (is_late) AS n_late, count(*) FILTER (is_deep AND is_late) AS deep_late,
       count(*) FILTER (is_deep AND NOT is_late) AS deep_else,
       list(obj ORDER BY won_t DESC) FILTER (is_deep AND is_late)[:50] AS objs,
       (SELECT quantile_cont(discount, 0.9) FROM priced) AS deep FROM placed
