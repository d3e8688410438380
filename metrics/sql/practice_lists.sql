-- Columns instead of rows: whoever counts wants arrays. Only deals old enough for their result to be known.
, bits AS (
    SELECT *, list_sum(list_transform(does, lambda x, i: CAST(x AS BIGINT) << (i - 1))) AS done,
           list_sum(list_transform(could, lambda x, i: CAST(x AS BIGINT) << (i - 1))) AS fits,
           first_t + landmark + horizon <= $now_t AS is_aged FROM marked
)
SELECT list(obj) FILTER (is_aged) AS obj, list(seller) FILTER (is_aged) AS seller, list(kind) FILTER (is_aged) AS kind,
       list(amount) FILTER (is_aged) AS amount, list(first_t) FILTER (is_aged) AS first_t,
       list(is_open) FILTER (is_aged) AS is_open, list(won) FILTER (is_aged) AS won,
       list(done) FILTER (is_aged) AS done, list(fits) FILTER (is_aged) AS fits,
       count(*) AS deals, count(*) FILTER (closed_t IS NOT NULL) AS ended, count(won_t) AS wins,
       min(landmark) AS landmark_least, max(landmark) AS landmark_most, min(horizon) AS horizon_least, max(horizon) AS horizon_most
FROM bits
