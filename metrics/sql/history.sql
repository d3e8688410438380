-- The whole course of each touched object before and after the batch. pos orders events by time; events of one
-- moment share a pos unless one source numbered them all, so a verdict that would hang on a guess can be seen.
CREATE OR REPLACE TEMP TABLE hist AS
WITH course AS (
    SELECT c.*, TRUE AS in_old, c.seq NOT IN (SELECT seq FROM gone) AS in_new
    FROM case_event c SEMI JOIN (SELECT obj FROM touched WHERE obj < $first_new_obj) USING (obj)
    WHERE c.seq >= $from_seq
    UNION ALL
    SELECT f.*, FALSE, TRUE FROM fresh f
), tied AS (
    SELECT *, count(*) OVER same AS n_same, min(source) OVER same = max(source) OVER same AND min(ord) OVER same >= 0
        AS decidable, rank() OVER (PARTITION BY obj, t, in_new ORDER BY ord) - 1 AS place
    FROM course WINDOW same AS (PARTITION BY obj, t, in_new)
)
SELECT * EXCLUDE (n_same, decidable, place),
       t * 2048 + CASE WHEN n_same > 1 AND decidable THEN least(place, 2047) ELSE 0 END AS pos
FROM tied;
