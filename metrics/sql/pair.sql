-- Activations whose rule compares the two events: every candidate is looked at, the nearest one that fits counts.
CREATE OR REPLACE TEMP TABLE pair_near AS
WITH pair AS (
    SELECT activation.rule, activation.obj, activation.seq, activation.template, target.seq AS t_seq, target.t AS t_t,
           target.pos AS t_pos, target.sure AND ({between}) AS sure,
           nullif(activation.actor, 0) = nullif(target.actor, 0) AS same,
           CASE activation.template WHEN 'precedence' THEN target.pos < activation.pos
                WHEN 'four_eyes' THEN TRUE ELSE target.pos > activation.from_pos END AS placed,
           target.pos = activation.from_pos AND activation.template <> 'four_eyes' AS tied
    FROM act activation
    LEFT JOIN mark target ON target.role = 2 AND target.rule = activation.rule AND target.obj = activation.obj
        AND target.seq <> activation.seq
    WHERE activation.corr > 0
), fits AS (
    SELECT *, sure AND placed AND (template <> 'four_eyes' OR same) AS hit,
           (sure IS NULL AND placed) OR (tied AND sure IS DISTINCT FROM FALSE)
           OR (template = 'four_eyes' AND sure IS DISTINCT FROM FALSE AND same IS NULL) AS maybe,
           -- Looking back, the nearest is the last one: turn the line of time round.
           CASE WHEN template = 'precedence' THEN -t_pos ELSE t_pos END AS far
    FROM pair WHERE t_seq IS NOT NULL
)
SELECT a.rule, a.obj, a.seq, arg_min(t_seq, far) FILTER (hit) AS hit_seq, arg_min(t_t, far) FILTER (hit) AS hit_t,
       arg_min(t_pos, far) FILTER (hit) AS hit_pos, arg_min(t_t, far) FILTER (maybe) AS maybe_t,
       arg_min(t_pos, far) FILTER (maybe) AS maybe_pos,
       min(t_t) FILTER (f.template = 'four_eyes' AND f.sure AND NOT same) AS other_t
FROM act a LEFT JOIN fits f USING (rule, obj, seq) WHERE a.corr > 0 GROUP BY a.rule, a.obj, a.seq;
