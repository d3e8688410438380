-- For each activation the nearest event that answers it (hit) and the nearest that releases it (until), and the
-- nearest that may have: because an attribute its condition needs is missing (sure IS NULL), or because it shares
-- the activation's pos, so that nobody knows which came first.
CREATE OR REPLACE TEMP TABLE near AS
WITH wanted AS (SELECT * FROM mark WHERE role = 2),
sure AS (SELECT * FROM wanted WHERE sure), unsure AS (SELECT * FROM wanted WHERE sure IS NULL),
plain AS (SELECT * FROM act WHERE corr = 0 AND look = 'near'),
forward AS (
    SELECT a.rule, a.obj, a.seq, s.seq AS hit_seq, s.t AS hit_t, s.pos AS hit_pos, u.t AS maybe_t, u.pos AS maybe_pos,
           NULL AS other_t
    FROM plain a
    ASOF LEFT JOIN sure s ON a.rule = s.rule AND a.obj = s.obj AND a.from_pos < s.pos
    ASOF LEFT JOIN unsure u ON a.rule = u.rule AND a.obj = u.obj AND a.from_pos < u.pos
    WHERE a.template IN ('response', 'not_response')
), backward AS (
    SELECT a.rule, a.obj, a.seq, s.seq AS hit_seq, s.t AS hit_t, s.pos AS hit_pos, u.t AS maybe_t, u.pos AS maybe_pos,
           NULL AS other_t
    FROM plain a
    ASOF LEFT JOIN sure s ON a.rule = s.rule AND a.obj = s.obj AND a.pos > s.pos
    ASOF LEFT JOIN unsure u ON a.rule = u.rule AND a.obj = u.obj AND a.pos > u.pos
    WHERE a.template IN ('precedence', 'not_precedence')
), own AS (
    SELECT a.rule, a.obj, a.seq, CASE WHEN w.sure THEN w.seq END, CASE WHEN w.sure THEN w.t END, NULL,
           CASE WHEN w.sure IS NULL THEN w.t END, NULL, NULL
    FROM act a LEFT JOIN wanted w ON a.rule = w.rule AND a.obj = w.obj AND a.seq = w.seq WHERE a.template = 'absence'
), found AS (FROM forward UNION ALL FROM backward UNION ALL FROM own
          UNION ALL SELECT * EXCLUDE (several) FROM pair_near),
tie AS (
    SELECT a.rule, a.obj, a.seq, bool_or(w.role = 2 AND a.corr = 0 AND a.from_pos = a.pos) AS hit_tied, bool_or(w.role = 3) AS until_tied
    FROM act a JOIN mark w ON a.rule = w.rule AND a.obj = w.obj AND a.pos = w.pos AND a.seq <> w.seq AND w.role IN (2, 3)
    WHERE a.look = 'near' AND a.template IN ('response', 'not_response', 'precedence', 'not_precedence') GROUP BY ALL
)
SELECT n.rule, n.obj, n.seq, n.hit_seq, n.hit_t, n.hit_pos, n.other_t, f.t AS until_t, f.pos AS until_pos,
       coalesce(tie.hit_tied, FALSE) AS tied,
       CASE WHEN tie.hit_tied THEN a.t ELSE n.maybe_t END AS maybe_t,
       CASE WHEN tie.hit_tied THEN a.pos ELSE n.maybe_pos END AS maybe_pos,
       CASE WHEN tie.until_tied THEN a.t ELSE g.t END AS spare_t,
       CASE WHEN tie.until_tied THEN a.pos ELSE g.pos END AS spare_pos
FROM found n JOIN act a USING (rule, obj, seq)
ASOF LEFT JOIN (FROM mark WHERE role = 3 AND sure) f ON a.rule = f.rule AND a.obj = f.obj AND a.pos < f.pos
ASOF LEFT JOIN (FROM mark WHERE role = 3 AND sure IS NULL) g ON a.rule = g.rule AND a.obj = g.obj AND a.pos < g.pos
LEFT JOIN tie ON tie.rule = n.rule AND tie.obj = n.obj AND tie.seq = n.seq;
