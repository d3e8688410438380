-- The events that deciding rules needs, of a range of objects, straight from the stored course: those that some rule
-- names, and every one where a rule asks for the very next event or the first. Which events share
-- a moment is told from all of them, so that a verdict is the same as from the whole course (see history.sql).
CREATE OR REPLACE TEMP TABLE touched AS SELECT obj, otype FROM object WHERE obj >= $low AND obj < $high;
CREATE OR REPLACE TEMP TABLE hist AS
WITH span AS (
    FROM case_event WHERE obj >= $low AND obj < $high UNION ALL FROM watched WHERE obj >= $low AND obj < $high
), named AS (
    FROM span SEMI JOIN (SELECT DISTINCT otype, activity FROM rule_term) USING (otype, activity)
    WHERE NOT list_contains($whole, otype)
), course AS (
    FROM span WHERE list_contains($whole, otype) UNION ALL FROM named
), moment AS (
    FROM span WHERE list_contains($whole, otype) UNION ALL (FROM span SEMI JOIN named USING (obj, t))
), tied AS (
    SELECT obj, t, min(source) = max(source) AND min(ord) >= 0 AS numbered
    FROM moment GROUP BY obj, t HAVING count(*) > 1
), placed AS (
    SELECT c.obj, c.seq, rank() OVER (PARTITION BY c.obj, c.t ORDER BY c.ord) - 1 AS place
    FROM course c JOIN tied USING (obj, t) WHERE numbered
)
SELECT c.* REPLACE (CASE WHEN $attrs THEN c.attrs END AS attrs), TRUE AS in_new,
       c.t * 2048 + coalesce(least(p.place, 2047), 0) AS pos
FROM course c LEFT JOIN placed p USING (obj, seq);
