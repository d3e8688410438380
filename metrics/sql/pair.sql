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
)
SELECT rule, obj, seq,
       CASE WHEN any_value(template) = 'precedence' THEN arg_max(t_seq, t_pos) FILTER (sure AND placed)
            ELSE arg_min(t_seq, t_pos) FILTER (sure AND placed AND (template <> 'four_eyes' OR same)) END AS hit_seq,
       CASE WHEN any_value(template) = 'precedence' THEN max(t_t) FILTER (sure AND placed)
            ELSE min(t_t) FILTER (sure AND placed AND (template <> 'four_eyes' OR same)) END AS hit_t,
       min(t_t) FILTER ((sure IS NULL AND placed) OR (tied AND sure IS DISTINCT FROM FALSE)
                        OR (template = 'four_eyes' AND sure IS DISTINCT FROM FALSE AND same IS NULL AND t_seq IS NOT NULL)) AS maybe_t,
       min(t_t) FILTER (template = 'four_eyes' AND sure AND NOT same) AS other_t
FROM pair GROUP BY rule, obj, seq;
