-- The sum of an attribute over a moving window that ends with each activation. Events of one moment count together, so
-- their order changes nothing; an activation that may be none is counted both ways.
INSERT INTO bind_new
WITH a AS (
    SELECT *, CASE due_unit WHEN 0 THEN -9e18 WHEN 4 THEN epoch_us(make_timestamp(t) - to_months(CAST(due_n AS INTEGER)))
                   ELSE t - due_n END AS begin_t
    FROM act WHERE role = 1 AND look = 'sum'
), summed AS (
    SELECT a.rule, a.obj, a.seq, sum(b.value) FILTER (b.sure) AS known, bool_or(b.value IS NULL) AS missing,
           coalesce(sum(greatest(b.value, 0)) FILTER (b.sure IS NULL), 0) AS more,
           coalesce(sum(least(b.value, 0)) FILTER (b.sure IS NULL), 0) AS less
    FROM a JOIN a b ON b.rule = a.rule AND b.obj = a.obj AND b.t >= a.begin_t AND b.t <= a.t GROUP BY ALL
), decided AS (
    SELECT a.*, CASE WHEN sure IS NULL OR missing THEN 5 WHEN known + more <= lim THEN 4 WHEN known + less > lim THEN 2
                     ELSE 5 END AS verdict
    FROM a JOIN summed USING (rule, obj, seq)
)
SELECT rule, obj, seq, t, CAST(NULL AS BIGINT), t, CAST(NULL AS BIGINT), CAST(verdict AS UTINYINT),
       CASE WHEN verdict <> 5 THEN '' WHEN sure IS NULL THEN 'an attribute of the activation is missing'
            ELSE 'an attribute that is added up is missing' END,
       team, channel, actor
FROM decided;
