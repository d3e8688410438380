-- One binding for each activation of such a rule, on the first of its objects (by id: numbers hang on the arrival). All: a broken one breaks it, an open one
-- keeps it open. Any: a met one meets it, and it is broken only when every one is.
INSERT INTO bind_new
WITH said AS (
    SELECT p.*, list_position(CASE j.quantifier WHEN 'all' THEN [2, 0, 5, 3, 1, 4, 6] ELSE [1, 4, 5, 0, 3, 6, 2] END,
                              p.verdict) AS place, j.quantifier, o.id
    FROM binding_part p JOIN joint_rule j USING (rule) JOIN object o USING (obj)
    SEMI JOIN joint ON p.rule = joint.rule AND p.act_seq = joint.act_seq
), best AS (
    SELECT *, min(place) OVER (PARTITION BY rule, act_seq) AS first_place FROM said
)
SELECT rule, arg_min(obj, id), act_seq, any_value(t), arg_min_null(target_seq, id) FILTER (place = first_place),
       CASE WHEN any_value(quantifier) = 'all' AND bool_and(verdict NOT IN (2, 5)) THEN max(decided_t) FILTER (place = first_place)
            ELSE min(decided_t) FILTER (place = first_place) END,
       max(due_t), arg_min(verdict, place), coalesce(arg_min(reason, id) FILTER (place = first_place), ''),
       any_value(team), any_value(channel), any_value(actor)
FROM best GROUP BY rule, act_seq;
