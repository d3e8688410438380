-- The moments that each activation's durations lead to: due_t ends it, from_t begins a prohibition after a grace.
-- Where targets must follow one another (repeat_every), each target (role 2) has its own due_t as well. What is counted
-- in business time follows in business.sql.
CREATE OR REPLACE TEMP TABLE act AS
SELECT m.*, c.* EXCLUDE (rule),
       CASE due_unit WHEN 1 THEN t + due_n WHEN 4 THEN epoch_us(make_timestamp(t) + to_months(CAST(due_n AS INTEGER)))
            -- To the last microsecond of the n-th day after the calendar quarter.
            WHEN 5 THEN epoch_us(date_trunc('quarter', make_timestamp(t)) + to_months(3) + to_days(CAST(due_n AS INTEGER))) - 1
            END AS due_t,
       CASE from_unit WHEN 0 THEN pos WHEN 1 THEN (t + from_n) * 2048 + 2047
            WHEN 4 THEN epoch_us(make_timestamp(t) + to_months(CAST(from_n AS INTEGER))) * 2048 + 2047
            WHEN 5 THEN (epoch_us(date_trunc('quarter', make_timestamp(t)) + to_months(3) + to_days(CAST(from_n AS INTEGER))) - 1) * 2048 + 2047
            END AS from_pos
FROM mark m JOIN rule_clock c USING (rule) WHERE m.role = 1 OR m.role = 2 AND c.look = 'repeat';
