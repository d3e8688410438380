-- The moments that each activation's durations lead to: due_t ends it, from_t begins a prohibition after a grace.
CREATE OR REPLACE TEMP TABLE act AS
WITH asked AS (
    SELECT m.*, c.template, c.corr, c.due_unit, c.due_n, c.from_unit, c.from_n, c.calendar
    FROM mark m JOIN rule_clock c USING (rule) WHERE m.role = 1
), clock AS (
    SELECT rule, obj, seq, 'due' AS which, t, due_unit AS unit, due_n AS n, calendar FROM asked WHERE due_unit > 0
    UNION ALL
    SELECT rule, obj, seq, 'from', t, from_unit, from_n, calendar FROM asked WHERE from_unit > 0
), opened AS (
    SELECT k.*, o.cum_us + least(k.t, o.end_t) - o.start_t + k.n AS wanted
    FROM clock k ASOF LEFT JOIN calendar_open o ON k.calendar = o.calendar AND k.t >= o.start_t WHERE k.unit = 2
), daily AS (
    SELECT calendar, day_t, day_no, max(end_t) AS end_t FROM calendar_open GROUP BY ALL
), dated AS (
    SELECT k.*, o.day_no FROM clock k ASOF LEFT JOIN daily o ON k.calendar = o.calendar AND k.t >= o.day_t WHERE k.unit = 3
), reached AS (
    SELECT rule, obj, seq, which, t + n AS end_t FROM clock WHERE unit = 1
    UNION ALL
    SELECT rule, obj, seq, which, epoch_us(make_timestamp(t) + to_months(CAST(n AS INTEGER))) FROM clock WHERE unit = 4
    UNION ALL
    SELECT k.rule, k.obj, k.seq, k.which, o.start_t + (k.wanted - o.cum_us)
    FROM opened k ASOF JOIN calendar_open o ON k.calendar = o.calendar AND k.wanted > o.cum_us
    UNION ALL
    SELECT k.rule, k.obj, k.seq, k.which, o.end_t
    FROM dated k JOIN daily o ON k.calendar = o.calendar AND o.day_no = k.day_no + k.n
)
SELECT a.* EXCLUDE (due_unit, due_n, from_unit, from_n, calendar), d.end_t AS due_t,
       CASE WHEN a.from_unit > 0 THEN f.end_t * 2048 + 2047 ELSE a.pos END AS from_pos
FROM asked a
LEFT JOIN reached d ON d.which = 'due' AND d.rule = a.rule AND d.obj = a.obj AND d.seq = a.seq
LEFT JOIN reached f ON f.which = 'from' AND f.rule = a.rule AND f.obj = a.obj AND f.seq = a.seq;
