-- Of the followed cases: in how many a rule was broken up to a moment, and in how many an activity came more than once.
WITH few AS (SELECT unnest($objs) AS obj)
SELECT (SELECT count(DISTINCT b.obj) FROM binding_done AS b JOIN few USING (obj)
        WHERE b.verdict = 2 AND b.decided_t < $seen_t AND list_contains($rules, b.rule)
          AND NOT (b.target_seq IS NULL AND b.decided_t > list_extract($marks, b.rule + 1))) AS broken,
       (SELECT count(*) FROM (
            SELECT e.obj FROM case_event AS e JOIN few USING (obj) WHERE e.t >= $since_t AND e.t < $seen_t
            GROUP BY e.obj HAVING count(*) > count(DISTINCT e.activity))) AS rework
