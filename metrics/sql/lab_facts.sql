-- When each object ended. In a trial that takes all as ended every one did, with its last event.
CREATE OR REPLACE TEMP TABLE fact_new AS
SELECT obj, max(t) AS closed_t
FROM (SELECT obj, t FROM case_event WHERE obj >= $low AND obj < $high
      UNION ALL SELECT obj, t FROM watched WHERE obj >= $low AND obj < $high) WHERE $closed GROUP BY obj
UNION ALL SELECT obj, closed_t FROM object_fact WHERE NOT $closed AND obj >= $low AND obj < $high;
