-- How long customers waited for answers: for each channel, team, and first or later answer, how many waits of each
-- length (seconds, whole minutes from an hour on; in open hours and elapsed) and how each ended (1 an answer, 2 one elsewhere, 3 the end of the
-- case, 0 not yet). A wait is all questions that one answer ended, from the oldest; it counts in the span it began in.
WITH question AS (
    SELECT seq, min(obj) AS obj, min(customer) AS customer, any_value(t) AS t, any_value(channel) AS channel,
           any_value(team) AS team, any_value(ended_t) AS ended_t, any_value(kind) AS kind, any_value(end_seq) AS end_seq
    FROM (FROM ask_open UNION ALL FROM ask_done WHERE ended_t >= $since_t) WHERE t <= $now_t GROUP BY seq
), turn AS (
    SELECT min(t) AS asked_t, arg_min(channel, (t, seq)) AS channel, arg_min(team, (t, seq)) AS team,
           arg_min(obj, (t, seq)) AS obj, any_value(least(ended_t, $now_t)) AS ended_t, coalesce(any_value(kind), 0) AS kind
    FROM question GROUP BY CASE WHEN customer = 0 THEN -obj ELSE customer END, end_seq HAVING min(t) >= $since_t
), opened AS (SELECT obj, min(t) AS first_t FROM ask SEMI JOIN turn USING (obj) GROUP BY obj
), clock AS (FROM calendar_open WHERE calendar = $calendar
), timed AS (
    SELECT t.channel, t.team, t.kind, t.asked_t = o.first_t AS is_first,
           (coalesce(ended_t, $now_t) - asked_t) // 1000000 AS e,
           CASE WHEN c.start_t IS NULL OR d.start_t IS NULL THEN coalesce(ended_t, $now_t) - asked_t
                ELSE (d.cum_us + least(coalesce(ended_t, $now_t), d.end_t) - d.start_t)
                     - (c.cum_us + least(asked_t, c.end_t) - c.start_t) END // 1000000 AS s
    FROM turn t JOIN opened o USING (obj)
    ASOF LEFT JOIN clock c ON t.asked_t >= c.start_t
    ASOF LEFT JOIN clock d ON coalesce(t.ended_t, $now_t) >= d.start_t
), told AS (SELECT * REPLACE (e AS s), FALSE AS in_hours FROM timed UNION ALL SELECT *, TRUE FROM timed)
SELECT in_hours, channel, team, is_first, kind, CASE WHEN s < 3600 THEN s ELSE s // 60 * 60 END AS seconds, count(*) AS n FROM told
WHERE ($team = -1 OR team = $team) AND ($channel = -1 OR channel = $channel) GROUP BY ALL
