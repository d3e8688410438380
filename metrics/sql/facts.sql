-- What is true of each touched object now, for the types whose flow is followed. An object is over once an ending activity happened after which nothing
-- brought it back; somebody waits from the first question after our last answer by a person, while it is not over.
CREATE OR REPLACE TEMP TABLE fact_new AS
WITH turn AS (
    SELECT h.obj, max(h.pos) FILTER (h.direction = 2 AND by_person) AS answered_pos,
           coalesce(arg_max(h.actor, h.rn) FILTER (h.direction <> 1 AND by_person), 0) AS actor,
           arg_max(l.ends, h.rn) AS ended, arg_max(h.t, h.rn) FILTER (l.ends IS NOT NULL) AS ended_t
    FROM (SELECT *, coalesce(json_extract_string(attrs, '$.automatic'), '') <> 'true' AS by_person FROM hist) h
    LEFT JOIN lifecycle l ON l.otype = h.otype AND l.activity = h.activity
    WHERE h.in_new AND h.otype IN (SELECT unnest($flow)) GROUP BY h.obj
), summed AS (
    SELECT h.obj, any_value(h.otype) AS otype, min(h.t) AS first_t, max(h.t) AS last_t, count(*) AS n,
           arg_max(h.activity, h.rn) AS last_activity, arg_max(h.direction, h.rn) AS last_direction,
           coalesce(arg_min(h.channel, h.rn) FILTER (h.channel <> 0), 0) AS channel,
           coalesce(arg_max(h.team, h.rn) FILTER (h.team <> 0), 0) AS team,
           any_value(t.actor) AS actor,
           coalesce(arg_max(h.party, h.rn) FILTER (h.party <> 0), 0) AS party,
           md5(string_agg(CAST(h.activity AS VARCHAR), ',' ORDER BY h.rn)) AS variant,
           count(*) - count(DISTINCT h.activity) AS rework,
           any_value(CASE WHEN t.ended THEN t.ended_t END) AS closed_t,
           min(h.t) FILTER (h.direction = 1 AND h.activity IN (SELECT unnest($asking))
                            AND h.pos > coalesce(t.answered_pos, 0)) AS waiting_t
    FROM hist h JOIN turn t USING (obj) WHERE h.in_new GROUP BY h.obj
)
SELECT obj, otype, first_t, last_t, n, last_activity, last_direction, channel, team, actor, party, variant, rework, closed_t,
       CASE WHEN closed_t IS NULL OR waiting_t > closed_t THEN waiting_t END AS waiting_t
FROM summed;

CREATE OR REPLACE TEMP TABLE fact_old AS SELECT f.* FROM object_fact f SEMI JOIN touched USING (obj);

INSERT INTO agg_case
SELECT first_t // 86400000000, team, channel, otype, closed_t IS NOT NULL, bucket, sum(sign), sum(sign * dur), sum(sign * rework)
FROM (SELECT *, last_t - first_t AS dur, CAST(floor(log2((last_t - first_t) / 1000000 + 1)) AS INTEGER) AS bucket
      FROM (SELECT *, 1 AS sign FROM fact_new UNION ALL SELECT *, -1 FROM fact_old))
GROUP BY ALL HAVING sum(sign) <> 0 OR sum(sign * dur) <> 0 OR sum(sign * rework) <> 0;

INSERT INTO agg_variant SELECT otype, variant, sum(sign)
FROM (SELECT otype, variant, 1 AS sign FROM fact_new UNION ALL SELECT otype, variant, -1 FROM fact_old)
GROUP BY ALL HAVING sum(sign) <> 0;

INSERT INTO variant
SELECT any_value(h.otype), f.variant, list(h.activity ORDER BY h.rn)
FROM (SELECT variant, min(obj) AS obj FROM fact_new
      WHERE NOT EXISTS (SELECT 1 FROM variant v WHERE v.otype = fact_new.otype AND v.variant = fact_new.variant)
      GROUP BY otype, variant) f
JOIN hist h ON h.obj = f.obj AND h.in_new GROUP BY f.obj, f.variant;

DELETE FROM object_fact WHERE obj IN (SELECT obj FROM fact_old);
INSERT INTO object_fact SELECT * FROM fact_new;
DELETE FROM case_open WHERE obj IN (SELECT obj FROM fact_old WHERE closed_t IS NULL);
INSERT INTO case_open SELECT * FROM fact_new WHERE closed_t IS NULL;
