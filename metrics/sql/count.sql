-- Templates that count targets in the object. Where it is not sure whether an event counts, or whether the obligation
-- was released, the verdict is worked out for every number that is possible and both ways of ending.
INSERT INTO bind_new
WITH a AS (
    SELECT a.*, CASE WHEN f.closed_t >= a.t THEN f.closed_t END AS closed_t,
           NOT anchored AND template IN ('at_least', 'at_most', 'exactly_once') AS after_it,
           -- A rule about the whole object counts and ends with whatever its first moment brings, too.
           CASE WHEN anchored THEN -1 ELSE pos END AS begin_pos,
           CASE template WHEN 'not_coexistence' THEN 0 WHEN 'existence' THEN 1 ELSE howmany END AS bound
    FROM act a LEFT JOIN fact_new f USING (obj) WHERE role = 1 AND look = 'count'
), stop AS (
    SELECT a.rule, a.obj, a.seq, min(m.pos) FILTER (m.sure AND m.pos > begin_pos) AS u_pos,
           min(m.t) FILTER (m.sure AND m.pos > begin_pos) AS u_t, min(m.pos) AS m_pos
    FROM a JOIN mark m ON m.role = 3 AND m.rule = a.rule AND m.obj = a.obj AND (m.seq <> a.seq OR anchored) AND m.pos >= begin_pos
        AND m.t <= coalesce(a.due_t, m.t)
    GROUP BY ALL
), counted AS (
    SELECT a.rule, a.obj, a.seq, c.t_seq, c.t_t, c.t_pos, c.t_t > coalesce(a.due_t, c.t_t) AS late,
           c.sure IS NULL AS missing,
           -- What happened before the activation counts whatever came later.
           c.sure IS NOT NULL AND NOT (a.after_it AND c.t_pos = a.pos)
               AND (c.t_pos < begin_pos OR c.t_pos < coalesce(least(s.u_pos, s.m_pos), 9223372036854775807)) AS certain
    FROM a JOIN cand c USING (rule, obj, seq) LEFT JOIN stop s USING (rule, obj, seq)
    WHERE (NOT a.after_it OR c.t_pos >= a.pos) AND (c.t_pos < begin_pos OR c.t_pos <= coalesce(s.u_pos, 9223372036854775807))
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY rule, obj, seq ORDER BY t_pos, t_seq) AS place
    FROM counted WHERE certain AND NOT late
), summed AS (
    SELECT rule, obj, seq, count(*) FILTER (certain AND NOT late) AS lo, count(*) FILTER (NOT late) AS hi,
           count(*) FILTER (certain AND late) AS late, bool_or(missing) AS missing
    FROM counted GROUP BY ALL
), world AS (
    SELECT a.*, coalesce(lo, 0) AS lo, coalesce(missing, FALSE) AS missing, u_t, u_pos, m_pos,
           unnest(list_distinct([coalesce(lo, 0), least(coalesce(lo, 0) + 1, coalesce(hi, 0)), coalesce(hi, 0)])) AS found,
           coalesce(late, 0) AS late
    FROM a LEFT JOIN summed USING (rule, obj, seq) LEFT JOIN stop USING (rule, obj, seq)
), ended AS (
    SELECT *, unnest(list_distinct([u_pos IS NOT NULL, m_pos IS NOT NULL])) AS released FROM world
), judged AS (
    SELECT *, CASE
        WHEN template IN ('existence', 'at_least') THEN CASE
            WHEN found >= bound THEN 1 WHEN released THEN 6 WHEN closed_t IS NOT NULL OR found + late >= bound THEN 2 ELSE 0 END
        WHEN template = 'exactly_once' THEN CASE
            WHEN found > 1 THEN 2 WHEN found = 1 THEN CASE WHEN released OR closed_t IS NOT NULL THEN 1 ELSE 3 END
            WHEN released THEN 6 WHEN closed_t IS NOT NULL OR late > 0 THEN 2 ELSE 0 END
        WHEN found > bound THEN 2 WHEN released OR closed_t IS NOT NULL THEN 4 ELSE 3 END AS outcome
    FROM ended
), gathered AS (
    SELECT rule, obj, seq, any_value(COLUMNS(* EXCLUDE (rule, obj, seq, outcome, found, released))),
           list_distinct(list(outcome)) AS possible
    FROM judged GROUP BY rule, obj, seq
), decided AS (
    SELECT *, CASE WHEN sure IS NULL THEN 5 WHEN len(possible) = 1 THEN possible[1]
                   WHEN len(possible) = 2 AND list_contains(possible, 0) AND list_contains(possible, 2) THEN 0
                   WHEN len(possible) = 2 AND list_contains(possible, 3) AND list_contains(possible, 4) THEN 3
                   ELSE 5 END AS verdict
    FROM gathered
)
-- The target that decided it: the last one needed, or the first one too many.
SELECT d.rule, d.obj, d.seq, d.t, k.t_seq,
       CASE WHEN verdict IN (1, 2, 4, 6) THEN greatest(d.t, coalesce(k.t_t, u_t, least(due_t, closed_t), closed_t, due_t, d.t))
            WHEN verdict = 5 THEN d.t END,
       due_t, CAST(verdict AS UTINYINT),
       CASE WHEN verdict = 5 AND sure IS NULL THEN 'an attribute of the activation is missing'
            WHEN verdict = 5 AND missing THEN 'an attribute of a possible answer is missing'
            WHEN verdict = 5 THEN 'only the order of events of one moment would tell'
            WHEN verdict = 6 THEN 'released'
            WHEN verdict = 2 AND k.t_seq IS NULL AND closed_t IS NOT NULL THEN 'ended without it' ELSE '' END,
       team, channel, actor
FROM decided d LEFT JOIN (SELECT rule, obj, seq, place, t_seq, t_t FROM numbered) k ON k.rule = d.rule AND k.obj = d.obj AND k.seq = d.seq
    AND k.place = CASE WHEN verdict = 1 THEN bound WHEN verdict = 2 THEN CASE WHEN template = 'exactly_once' THEN 2
                       WHEN template IN ('at_most', 'not_coexistence') THEN bound + 1 END END;
