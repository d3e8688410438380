-- Templates that the first of several events decides: whatever comes first after the activation (or, looking back,
-- last before it) says what became of it. A runner is one such event with the verdict it would bring; it is certain,
-- or it may not have happened so (a missing attribute, a tie). The verdict stands when no runner that may have come
-- first would have brought another one.
INSERT INTO bind_new
WITH a AS (
    SELECT a.*, CASE WHEN f.closed_t >= a.t THEN f.closed_t END AS closed_t,
           CASE WHEN template IN ('chain_precedence', 'precedence', 'not_precedence') THEN -1 ELSE 1 END AS way,
           CASE template WHEN 'not_precedence' THEN 2 ELSE 1 END AS found,
           template IN ('chain_response', 'chain_precedence') AS chained
    FROM act a LEFT JOIN fact_new f USING (obj) WHERE role = 1 AND look = 'race'
), target AS (
    SELECT a.rule, a.obj, a.seq, c.t_seq AS e_seq, c.t_t AS e_t, c.t_pos AS e_pos,
           -- The nearer the smaller, whichever way one looks; below 0 it lies on the other side.
           (c.t_pos - a.pos) * a.way AS far, c.sure, a.found,
           abs(c.t_t - a.t) <= coalesce(a.due_t - a.t, 9e18) AS in_time
    FROM a JOIN cand c USING (rule, obj, seq)
), runner AS (
    SELECT a.rule, a.obj, a.seq, e_seq, e_t, far, far > 0 AND t.sure IS NOT NULL AS certain,
           CASE WHEN in_time THEN t.found ELSE 2 END AS outcome, t.sure IS NULL AS missing
    FROM a JOIN target t USING (rule, obj, seq) WHERE NOT chained AND far >= 0 AND (in_time OR way = 1)
    UNION ALL
    -- What releases the obligation; looking back, what undoes an earlier target.
    SELECT a.rule, a.obj, a.seq, m.seq, m.t, (m.pos - a.pos) * way AS far, (m.pos - a.pos) * way > 0 AND m.sure IS NOT NULL,
           CASE template WHEN 'precedence' THEN 2 WHEN 'not_precedence' THEN 4 ELSE 6 END, m.sure IS NULL
    FROM a JOIN mark m ON m.role = 3 AND m.rule = a.rule AND m.obj = a.obj AND m.seq <> a.seq
    WHERE (m.pos - a.pos) * way >= 0 AND (way = -1 OR m.t <= coalesce(a.due_t, m.t))
    UNION ALL
    -- The next activation, unless it is itself the answer.
    SELECT a.rule, a.obj, a.seq, b.seq, b.t, b.pos - a.pos, b.pos > a.pos AND b.sure IS NOT NULL, 2, b.sure IS NULL
    FROM a JOIN act b ON b.role = 1 AND b.rule = a.rule AND b.obj = a.obj AND b.seq <> a.seq AND b.pos >= a.pos
    LEFT JOIN target t ON t.rule = a.rule AND t.obj = a.obj AND t.seq = a.seq AND t.e_seq = b.seq AND t.sure AND t.in_time
    WHERE a.template = 'alternate_response' AND t.e_seq IS NULL
    UNION ALL
    -- The very next event of the object, whatever it is; with a missing attribute it is both a target and none.
    SELECT n.rule, n.obj, n.seq, n.e_seq, n.e_t, n.far, n.far > 0, unnest(CASE
               WHEN t.e_seq IS NULL OR NOT t.in_time THEN [2] WHEN t.sure THEN [1] ELSE [1, 2] END), t.e_seq IS NOT NULL AND t.sure IS NULL
    FROM (SELECT a.rule, a.obj, a.seq, h.seq AS e_seq, h.t AS e_t, (h.pos - a.pos) * a.way AS far,
                 min(CASE WHEN (h.pos - a.pos) * a.way > 0 THEN (h.pos - a.pos) * a.way END)
                     OVER (PARTITION BY a.rule, a.obj, a.seq) AS next_far
          FROM a JOIN hist h ON h.obj = a.obj AND h.in_new AND h.seq <> a.seq AND (h.pos - a.pos) * a.way >= 0
          WHERE a.chained) n
    LEFT JOIN target t ON t.rule = n.rule AND t.obj = n.obj AND t.seq = n.seq AND t.e_seq = n.e_seq
    WHERE n.far = 0 OR n.far = n.next_far
), edged AS (
    SELECT *, min(CASE WHEN certain THEN far END) OVER (PARTITION BY rule, obj, seq) AS edge FROM runner
), ended AS (
    SELECT a.*, edge, coalesce(outcomes, []::INTEGER[]) AS outcomes, missing, first_seq, first_t,
           CASE template WHEN 'not_precedence' THEN 4 WHEN 'precedence' THEN 2 WHEN 'chain_precedence' THEN 2
                ELSE CASE WHEN closed_t IS NULL THEN 0 ELSE 2 END END AS rest
    FROM a LEFT JOIN (
        SELECT rule, obj, seq, any_value(edge) AS edge, list_distinct(list(outcome)) AS outcomes,
               bool_or(missing) AS missing,
               arg_min(e_seq, (far, e_seq)) FILTER (certain) AS first_seq, arg_min(e_t, (far, e_seq)) FILTER (certain) AS first_t
        FROM edged WHERE edge IS NULL OR far <= edge GROUP BY rule, obj, seq
    ) USING (rule, obj, seq)
), chosen AS (
    SELECT *, CASE WHEN edge IS NULL THEN list_distinct(list_append(outcomes, rest)) ELSE outcomes END AS possible FROM ended
), decided AS (
    SELECT *, CASE WHEN sure IS NULL THEN 5 WHEN len(possible) = 1 THEN possible[1]
                   WHEN len(possible) = 2 AND list_contains(possible, 0) AND list_contains(possible, 2) THEN 0
                   ELSE 5 END AS verdict
    FROM chosen
)
SELECT rule, obj, seq, t, CASE WHEN verdict IN (1, 2) THEN first_seq END,
       CASE WHEN verdict IN (1, 2, 4, 6) THEN greatest(t, coalesce(CASE WHEN way = 1 THEN least(first_t, due_t) ELSE first_t END, CASE WHEN way = 1 THEN least(due_t, closed_t) END, closed_t * nullif(way, -1), t))
            WHEN verdict = 5 THEN t END,
       due_t, CAST(verdict AS UTINYINT),
       CASE WHEN verdict = 5 AND sure IS NULL THEN 'an attribute of the activation is missing'
            WHEN verdict = 5 AND missing THEN 'an attribute of a possible answer is missing'
            WHEN verdict = 5 THEN 'only the order of events of one moment would tell'
            WHEN verdict = 6 THEN 'released'
            WHEN verdict = 2 AND first_seq IS NULL AND way = 1 THEN 'ended without it' ELSE '' END,
       team, channel, actor
FROM decided;
