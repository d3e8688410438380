-- Activations whose rule compares the two events: every candidate is looked at, the nearest one that fits counts.
CREATE OR REPLACE TEMP TABLE pair_near AS
WITH pair AS (
    SELECT activation.rule, activation.obj, activation.seq, activation.template, target.seq AS t_seq, target.t AS t_t,
           target.pos AS t_pos, nullif(target.actor, 0) AS t_actor, target.sure AND ({between}) AS sure,
           activation.template IN ('four_eyes', 'same_actor') AS about_who,
           activation.template IN ('precedence', 'not_precedence') AS back,
           -- Who did it speaks against the activation: the same person, or another one where it must be the same.
           CASE activation.template WHEN 'four_eyes' THEN nullif(activation.actor, 0) = nullif(target.actor, 0)
                WHEN 'same_actor' THEN nullif(activation.actor, 0) <> nullif(target.actor, 0) END AS bad,
           CASE WHEN about_who THEN abs(target.t - activation.t) <= coalesce(activation.due_t - activation.t, 9e18)
                WHEN back THEN target.pos < activation.pos ELSE target.pos > activation.from_pos END AS placed,
           target.pos = activation.from_pos AND NOT about_who AS tied
    FROM act activation
    LEFT JOIN mark target ON target.role = 2 AND target.rule = activation.rule AND target.obj = activation.obj
        AND target.seq <> activation.seq
    WHERE activation.corr > 0 AND activation.look = 'near'
), fits AS (
    SELECT *, sure AND placed AND (NOT about_who OR bad) AS hit,
           CASE WHEN about_who THEN placed AND (sure IS NULL AND bad OR sure IS DISTINCT FROM FALSE AND bad IS NULL)
                ELSE sure IS NULL AND placed OR tied AND sure IS DISTINCT FROM FALSE END AS maybe,
           about_who AND placed AND NOT bad AS other,
           -- Looking back, the nearest is the last one: turn the line of time round.
           CASE WHEN back THEN -t_pos ELSE t_pos END AS far
    FROM pair WHERE t_seq IS NOT NULL
)
SELECT a.rule, a.obj, a.seq,
       count(DISTINCT t_actor) FILTER (f.template = 'same_actor' AND placed AND f.sure) > 1 AS several,
       -- Two people cannot both be the one who did the activation, whoever that was.
       coalesce(arg_min(t_seq, far) FILTER (hit), CASE WHEN several THEN arg_max(t_seq, far) FILTER (f.sure) END) AS hit_seq,
       coalesce(arg_min(t_t, far) FILTER (hit), CASE WHEN several THEN max(t_t) FILTER (f.sure) END) AS hit_t,
       arg_min(t_pos, far) FILTER (hit) AS hit_pos,
       -- Somebody who may be another person makes no difference where another one is certain.
       coalesce(arg_min(t_t, far) FILTER (maybe), CASE WHEN count(*) FILTER (other AND f.sure) = 0
                                                       THEN min(t_t) FILTER (other AND f.sure IS NULL) END) AS maybe_t,
       arg_min(t_pos, far) FILTER (maybe) AS maybe_pos, min(t_t) FILTER (other AND f.sure) AS other_t
FROM act a LEFT JOIN fits f USING (rule, obj, seq) WHERE a.corr > 0 AND a.look = 'near' GROUP BY a.rule, a.obj, a.seq;
