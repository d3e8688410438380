-- Deadlines and graces in open time or open days of a calendar, put into `act`.
CREATE OR REPLACE TEMP TABLE act AS
WITH clock AS (
    SELECT rule, role, obj, seq, 'due' AS which, t, due_unit AS unit, due_n AS n, calendar FROM act WHERE due_unit IN (2, 3)
    UNION ALL
    SELECT rule, role, obj, seq, 'from', t, from_unit, from_n, calendar FROM act WHERE from_unit IN (2, 3)
), opened AS (
    SELECT k.*, o.cum_us + least(k.t, o.end_t) - o.start_t + k.n AS wanted
    FROM clock k ASOF LEFT JOIN calendar_open o ON k.calendar = o.calendar AND k.t >= o.start_t WHERE k.unit = 2
), daily AS (
    SELECT calendar, day_t, day_no, max(end_t) AS end_t FROM calendar_open GROUP BY ALL
), dated AS (
    SELECT k.*, o.day_no FROM clock k ASOF LEFT JOIN daily o ON k.calendar = o.calendar AND k.t >= o.day_t WHERE k.unit = 3
), reached AS (
    SELECT k.rule, k.role, k.obj, k.seq, k.which, o.start_t + (k.wanted - o.cum_us) AS end_t
    FROM opened k ASOF JOIN calendar_open o ON k.calendar = o.calendar AND k.wanted > o.cum_us
    UNION ALL
    SELECT k.rule, k.role, k.obj, k.seq, k.which, o.end_t
    FROM dated k JOIN daily o ON k.calendar = o.calendar AND o.day_no = k.day_no + k.n
)
SELECT a.* REPLACE (CASE WHEN due_unit IN (2, 3) THEN d.end_t ELSE due_t END AS due_t,
                    CASE WHEN from_unit IN (2, 3) THEN f.end_t * 2048 + 2047 ELSE from_pos END AS from_pos)
FROM act a
LEFT JOIN reached d ON d.which = 'due' AND d.rule = a.rule AND d.role = a.role AND d.obj = a.obj AND d.seq = a.seq
LEFT JOIN reached f ON f.which = 'from' AND f.rule = a.rule AND f.role = a.role AND f.obj = a.obj AND f.seq = a.seq;
