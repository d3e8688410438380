-- For each activation the nearest event that answers it. sure is TRUE where the conditions hold, NULL where an
-- attribute they need is missing; an event of the same pos may have come before or after: both make a "maybe".
CREATE OR REPLACE TEMP TABLE near AS
WITH wanted AS (SELECT * FROM mark WHERE role = 2),
sure AS (SELECT * FROM wanted WHERE sure), unsure AS (SELECT * FROM wanted WHERE sure IS NULL),
freed AS (SELECT * FROM mark WHERE role = 3),
plain AS (SELECT * FROM act WHERE corr = 0),
forward AS (
    SELECT a.rule, a.obj, a.seq, s.seq AS hit_seq, s.t AS hit_t, u.t AS maybe_t, NULL AS other_t
    FROM plain a
    ASOF LEFT JOIN sure s ON a.rule = s.rule AND a.obj = s.obj AND a.from_pos < s.pos
    ASOF LEFT JOIN unsure u ON a.rule = u.rule AND a.obj = u.obj AND a.from_pos < u.pos
    WHERE a.template IN ('response', 'not_response')
), backward AS (
    SELECT a.rule, a.obj, a.seq, s.seq AS hit_seq, s.t AS hit_t, u.t AS maybe_t, NULL AS other_t
    FROM plain a
    ASOF LEFT JOIN sure s ON a.rule = s.rule AND a.obj = s.obj AND a.pos > s.pos
    ASOF LEFT JOIN unsure u ON a.rule = u.rule AND a.obj = u.obj AND a.pos > u.pos
    WHERE a.template = 'precedence'
), own AS (
    SELECT a.rule, a.obj, a.seq, CASE WHEN w.sure THEN w.seq END AS hit_seq, CASE WHEN w.sure THEN w.t END AS hit_t,
           CASE WHEN w.sure IS NULL THEN w.t END AS maybe_t, NULL
    FROM act a LEFT JOIN wanted w ON a.rule = w.rule AND a.obj = w.obj AND a.seq = w.seq WHERE a.template = 'absence'
), paired AS (SELECT * FROM forward UNION ALL SELECT * FROM backward UNION ALL SELECT * FROM own UNION ALL FROM pair_near)
SELECT p.*, f.t AS until_t, coalesce(tie.n, 0) > 0 AS tied
FROM paired p JOIN act a USING (rule, obj, seq)
ASOF LEFT JOIN freed f ON a.rule = f.rule AND a.obj = f.obj AND a.pos < f.pos
LEFT JOIN (SELECT a.rule, a.obj, a.seq, count(*) AS n FROM plain a JOIN wanted w
           ON a.rule = w.rule AND a.obj = w.obj AND a.from_pos = w.pos AND a.seq <> w.seq
           WHERE a.template IN ('response', 'not_response', 'precedence') GROUP BY ALL) tie
    ON tie.rule = p.rule AND tie.obj = p.obj AND tie.seq = p.seq;
