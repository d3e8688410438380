-- When each object ended. With $closed every one did, with its last event.
CREATE OR REPLACE TEMP TABLE fact_new AS
SELECT h.obj, CASE WHEN $closed THEN max(h.t) ELSE any_value(f.closed_t) END AS closed_t
FROM hist h LEFT JOIN object_fact f USING (obj) WHERE h.in_new GROUP BY h.obj;
