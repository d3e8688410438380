-- Every event that may answer an activation, for the ways of deciding that weigh all of them and not the nearest one.
CREATE OR REPLACE TEMP TABLE cand AS
SELECT * FROM (
    SELECT activation.rule, activation.obj, activation.seq, target.seq AS t_seq, target.t AS t_t, target.pos AS t_pos,
           target.sure AND ({between}) AS sure, ({between}) AS paired
    FROM (FROM act WHERE role = 1 AND look IN ('race', 'count', 'repeat', 'match')) activation
    JOIN mark target ON target.role = 2 AND target.rule = activation.rule AND target.obj = activation.obj
        AND (target.seq <> activation.seq OR activation.anchored)
) WHERE sure IS DISTINCT FROM FALSE;
