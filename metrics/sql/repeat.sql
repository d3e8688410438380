-- Targets that must follow one another without a longer silence: the activation and each target open a span that the
-- next target, the release or the end of the object must close in time. A target or release that may have been none is
-- tried both ways.
INSERT INTO bind_new
WITH a AS (
    SELECT a.*, CASE WHEN f.closed_t >= a.t THEN f.closed_t END AS closed_t
    FROM act a LEFT JOIN fact_new f USING (obj) WHERE role = 1 AND look = 'repeat'
), stop AS (
    SELECT a.rule, a.obj, a.seq, min(m.t) FILTER (m.sure AND m.pos > a.pos) AS u_t, min(m.t) AS m_t
    FROM a JOIN mark m ON m.role = 3 AND m.rule = a.rule AND m.obj = a.obj AND m.seq <> a.seq AND m.pos >= a.pos
    GROUP BY ALL
), world AS (
    SELECT a.*, w.strict, CASE WHEN w.released THEN u_t ELSE m_t END AS stop_t
    FROM a LEFT JOIN stop USING (rule, obj, seq)
    CROSS JOIN (VALUES (TRUE, TRUE), (TRUE, FALSE), (FALSE, TRUE), (FALSE, FALSE)) w (strict, released)
), link AS (
    SELECT rule, obj, seq, strict, stop_t, seq AS e_seq, t AS e_t, due_t AS e_due
    FROM (SELECT DISTINCT ON (rule, obj, seq, strict, stop_t) * FROM world)
    UNION ALL
    SELECT w.rule, w.obj, w.seq, w.strict, w.stop_t, c.t_seq, c.t_t, b.due_t
    FROM (SELECT DISTINCT ON (rule, obj, seq, strict, stop_t) * FROM world) w JOIN cand c USING (rule, obj, seq)
    JOIN act b ON b.role = 2 AND b.rule = w.rule AND b.obj = w.obj AND b.seq = c.t_seq
    WHERE c.t_pos > w.pos AND (c.sure OR NOT w.strict) AND c.t_t <= coalesce(w.closed_t, c.t_t)
), linked AS (
    SELECT *, lead(e_t) OVER line AS next_t, lead(e_seq) OVER line AS next_seq,
           stop_t >= e_t AND stop_t <= coalesce(next_t, stop_t) AND stop_t <= e_due AS released
    FROM link WINDOW line AS (PARTITION BY rule, obj, seq, strict, stop_t ORDER BY e_t, e_seq)
), walked AS (
    SELECT rule, obj, seq, strict, stop_t, max(e_due) AS last_due, min(e_t) FILTER (released) AS released_at,
           min(e_t) FILTER (next_t > e_due) AS broken_at, min(e_due) FILTER (next_t > e_due) AS broken_t,
           arg_min(next_seq, e_t) FILTER (next_t > e_due) AS late_seq
    FROM linked GROUP BY ALL
), judged AS (
    SELECT w.*, k.late_seq, k.last_due, coalesce(released_at <= coalesce(broken_at, released_at), FALSE) AS let_go,
           CASE WHEN NOT let_go THEN coalesce(k.broken_t, CASE WHEN w.closed_t > k.last_due THEN k.last_due END) END AS broke_t,
           CASE WHEN let_go THEN w.stop_t ELSE w.closed_t END AS end_t,
           CASE WHEN broke_t IS NOT NULL THEN 2 WHEN end_t IS NOT NULL THEN 1 ELSE 0 END AS outcome
    FROM world w JOIN walked k ON k.rule = w.rule AND k.obj = w.obj AND k.seq = w.seq AND k.strict = w.strict
        AND k.stop_t IS NOT DISTINCT FROM w.stop_t
), gathered AS (
    SELECT rule, obj, seq, t, team, channel, actor, any_value(sure) AS sure, list_distinct(list(outcome)) AS possible,
           max(broke_t) AS broke_t, any_value(late_seq) AS late_seq, max(last_due) AS last_due,
           min(end_t) AS end_t
    FROM judged GROUP BY ALL
), decided AS (
    SELECT *, CASE WHEN sure IS NULL THEN 5 WHEN len(possible) = 1 THEN possible[1]
                   WHEN len(possible) = 2 AND list_contains(possible, 0) AND list_contains(possible, 2) THEN 0
                   ELSE 5 END AS verdict
    FROM gathered
)
SELECT rule, obj, seq, t, CASE WHEN verdict = 2 THEN late_seq END,
       CASE verdict WHEN 1 THEN end_t WHEN 2 THEN broke_t WHEN 5 THEN t END,
       CASE WHEN verdict = 2 THEN broke_t ELSE last_due END, CAST(verdict AS UTINYINT),
       CASE WHEN verdict <> 5 THEN '' WHEN sure IS NULL THEN 'an attribute of the activation is missing'
            ELSE 'an attribute of a possible answer is missing' END,
       team, channel, actor
FROM decided;
