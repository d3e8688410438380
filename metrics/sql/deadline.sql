-- The moments that each activation's durations lead to: due_t ends it, from_t begins a prohibition after a grace.
-- Where targets must follow one another (repeat_every), each target (role 2) has its own due_t as well.
CREATE OR REPLACE TEMP TABLE act AS
WITH asked AS (
    SELECT m.*, c.* EXCLUDE (rule)
    FROM mark m JOIN rule_clock c USING (rule) WHERE m.role = 1 OR m.role = 2 AND c.look = 'repeat'
), clock AS (
    SELECT rule, role, obj, seq, 'due' AS which, t, due_unit AS unit, due_n AS n, calendar FROM asked WHERE due_unit > 0
    UNION ALL
    SELECT rule, role, obj, seq, 'from', t, from_unit, from_n, calendar FROM asked WHERE from_unit > 0
), opened AS (
    SELECT k.*, o.cum_us + least(k.t, o.end_t) - o.start_t + k.n AS wanted
    FROM clock k ASOF LEFT JOIN calendar_open o ON k.calendar = o.calendar AND k.t >= o.start_t WHERE k.unit = 2
), daily AS (
    SELECT calendar, day_t, day_no, max(end_t) AS end_t FROM calendar_open GROUP BY ALL
), dated AS (
    SELECT k.*, o.day_no FROM clock k ASOF LEFT JOIN daily o ON k.calendar = o.calendar AND k.t >= o.day_t WHERE k.unit = 3
), reached AS (
    SELECT rule, role, obj, seq, which, t + n AS end_t FROM clock WHERE unit = 1
    UNION ALL
    SELECT rule, role, obj, seq, which, epoch_us(make_timestamp(t) + to_months(CAST(n AS INTEGER))) FROM clock WHERE unit = 4
    UNION ALL
    -- To the last microsecond of the n-th day after the calendar quarter.
    SELECT rule, role, obj, seq, which,
           epoch_us(date_trunc('quarter', make_timestamp(t)) + to_months(3) + to_days(CAST(n AS INTEGER))) - 1
    FROM clock WHERE unit = 5
    UNION ALL
    SELECT k.rule, k.role, k.obj, k.seq, k.which, o.start_t + (k.wanted - o.cum_us)
    FROM opened k ASOF JOIN calendar_open o ON k.calendar = o.calendar AND k.wanted > o.cum_us
    UNION ALL
    SELECT k.rule, k.role, k.obj, k.seq, k.which, o.end_t
    FROM dated k JOIN daily o ON k.calendar = o.calendar AND o.day_no = k.day_no + k.n
)
SELECT a.* EXCLUDE (from_unit, from_n, calendar), d.end_t AS due_t,
       CASE WHEN a.from_unit > 0 THEN f.end_t * 2048 + 2047 ELSE a.pos END AS from_pos
FROM asked a
LEFT JOIN reached d ON d.which = 'due' AND d.rule = a.rule AND d.role = a.role AND d.obj = a.obj AND d.seq = a.seq
LEFT JOIN reached f ON f.which = 'from' AND f.rule = a.rule AND f.role = a.role AND f.obj = a.obj AND f.seq = a.seq;
