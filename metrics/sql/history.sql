-- The whole course of each touched object before and after the batch, in the one order used everywhere: by time,
-- then by place in the source (ord), which stands in rn. pos orders events for deciding: events of one moment share
-- a pos unless one source numbered them all, so that a verdict which would hang on a guess can be seen.
CREATE OR REPLACE TEMP TABLE hist AS
WITH course AS (
    SELECT c.*, TRUE AS in_old, c.seq NOT IN (SELECT seq FROM gone) AS in_new
    FROM (
        -- Most touched objects are recent, so most of the table need not be read; the few old ones look through all.
        (FROM case_event SEMI JOIN (SELECT obj FROM touched WHERE obj >= $cut AND obj < $first_new_obj) USING (obj)
         WHERE seq >= $from_seq)
        UNION ALL
        (FROM case_event SEMI JOIN (SELECT obj FROM touched WHERE obj < $cut) USING (obj))
        UNION ALL
        (FROM watched_event SEMI JOIN touched USING (obj))
    ) c
    UNION ALL
    SELECT f.*, FALSE, TRUE FROM (FROM fresh UNION ALL FROM fresh_watched) f
), tied AS (
    SELECT obj, t, min(source) = max(source) AND min(ord) >= 0 AS numbered
    FROM course WHERE in_new GROUP BY obj, t HAVING count(*) > 1
), placed AS (
    SELECT c.obj, c.seq, rank() OVER (PARTITION BY c.obj, c.t ORDER BY c.ord) - 1 AS place
    FROM course c JOIN tied USING (obj, t) WHERE in_new AND numbered
)
SELECT c.*, c.t * 2048 + coalesce(least(p.place, 2047), 0) AS pos,
       row_number() OVER (PARTITION BY c.obj ORDER BY c.t, c.ord) AS rn
FROM course c LEFT JOIN placed p USING (obj, seq);
