-- One row for each open deal: what was said to and fro, by how many people, how the stage, the price and the close
-- date moved. A deal in whose own course no talk was ever seen borrows that of its customer's conversations.
WITH deal AS (SELECT unnest($ids) AS obj, unnest($parties) AS party),
own AS (
    SELECT e.obj, e.seq, e.t, e.ord, e.direction, e.actor, a.name AS act,
           -- Reading into attributes costs most of all this, so only where they are looked at.
           CASE WHEN a.name NOT IN ('msg.in', 'msg.out', 'call.in', 'call.out', 'meeting.held') THEN e.attrs END AS attrs,
           CASE WHEN a.name IN ('msg.out', 'call.out') THEN coalesce(e.attrs ->> '$.automatic', '') <> 'true'
                ELSE a.name IN ('msg.in', 'call.in', 'meeting.held') END AS is_talk
    FROM few_case_event e JOIN activity a ON a.code = e.activity WHERE e.t BETWEEN $since_t AND $now_t
), lone AS (
    SELECT obj, party FROM deal WHERE party <> 0 AND obj NOT IN (SELECT obj FROM own WHERE is_talk)
), whose AS (
    SELECT obj, party FROM lone UNION SELECT l.obj, o.obj FROM lone l JOIN object o ON o.firm = l.party
), near AS (
    SELECT w.obj, e.seq, e.t, e.ord, e.direction, e.actor, NULL AS attrs, a.name AS act, true AS is_talk
    FROM case_event e JOIN whose w ON w.party = e.party JOIN activity a ON a.code = e.activity
    JOIN object_type y ON y.code = e.otype AND y.name = 'conversation'
    WHERE e.t BETWEEN $since_t AND $now_t AND coalesce(e.attrs ->> '$.automatic', '') <> 'true'
      AND a.name IN ('msg.in', 'msg.out', 'call.in', 'call.out', 'meeting.held')
), told AS (FROM own UNION ALL BY NAME FROM near),
talk AS (
    SELECT *, direction <> coalesce(lag(direction) OVER course, 9) AS turns FROM told
    WHERE is_talk AND direction <> 0 WINDOW course AS (PARTITION BY obj ORDER BY t, ord, seq)
), turn AS (
    SELECT obj, direction, t, t - lag(t) OVER (PARTITION BY obj ORDER BY t, ord, seq) AS gap FROM talk WHERE turns
), reply AS (
    SELECT obj, list(gap ORDER BY t DESC)[:15] AS latencies FROM turn WHERE direction = 1 AND gap IS NOT NULL GROUP BY obj
), last_in AS (SELECT obj, max(t) AS in_t FROM talk WHERE direction = 1 GROUP BY obj),
spoken AS (
    SELECT k.obj, any_value(i.in_t) AS in_t,
           count(*) FILTER (direction = 2 AND t > coalesce(in_t, 0)) AS unanswered,
           min(t) FILTER (direction = 2 AND t > coalesce(in_t, 0)) AS unanswered_t,
           count(DISTINCT actor) FILTER (direction = 1 AND actor <> 0 AND t > $now_t - 2592000000000) AS people,
           count(DISTINCT actor) FILTER (direction = 1 AND actor <> 0) AS people_ever,
           count(*) FILTER (direction = 1 AND t > $now_t - 1209600000000) AS in_new,
           count(*) FILTER (t > $now_t - 1209600000000) AS all_new,
           count(*) FILTER (direction = 1 AND t BETWEEN $now_t - 3628800000000 AND $now_t - 1209600000000) AS in_old,
           count(*) FILTER (t BETWEEN $now_t - 3628800000000 AND $now_t - 1209600000000) AS all_old
    FROM talk k LEFT JOIN last_in i USING (obj) GROUP BY k.obj
), each AS (
    SELECT obj, actor, t, t - lag(t) OVER (PARTITION BY obj, actor ORDER BY t) AS gap FROM talk
    WHERE direction = 1 AND actor <> 0
), champion AS (
    SELECT obj, arg_max(last_t, n) AS champion_t, arg_max(gap, n) AS champion_gap FROM (
        SELECT obj, actor, count(*) AS n, max(t) AS last_t, median(gap) AS gap FROM each GROUP BY ALL HAVING count(*) >= 3)
    GROUP BY obj
), moved AS (
    SELECT *, max(t) FILTER (is_talk) OVER (
                  PARTITION BY obj ORDER BY t, ord, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS talked_t,
           CASE WHEN act IN ('meeting.scheduled', 'task.planned', 'promise.made') THEN coalesce(
               epoch_us(try_cast(coalesce(attrs ->> '$.starts_at', attrs ->> '$.due_at') AS TIMESTAMPTZ)),
               epoch_us(try_cast(attrs ->> '$.due_on' AS TIMESTAMP)) + 86399000000) END AS plan_t,
           max(t) FILTER (act = 'meeting.cancelled') OVER whole AS off_t,
           max(t) FILTER (act IN ('task.done', 'promise.kept')) OVER whole AS done_t,
           CASE WHEN act = 'closedate.changed' THEN
               try_cast(attrs ->> '$.to' AS DATE) - try_cast(attrs ->> '$.from' AS DATE) END AS later
    FROM told WINDOW whole AS (PARTITION BY obj)
)
SELECT m.obj, any_value(s.in_t) AS in_t, any_value(s.unanswered) AS unanswered,
       any_value(s.unanswered_t) AS unanswered_t, any_value(s.people) AS people, any_value(s.people_ever) AS people_ever,
       any_value(s.in_new) AS in_new, any_value(s.all_new) AS all_new, any_value(s.in_old) AS in_old,
       any_value(s.all_old) AS all_old, any_value(c.champion_t) AS champion_t,
       any_value(c.champion_gap) AS champion_gap, any_value(r.latencies) AS latencies,
       max(t) FILTER (is_talk) AS talk_t, max(t) FILTER (act = 'stage.changed') AS stage_t,
       arg_max(attrs ->> '$.to', t) FILTER (act = 'stage.changed') AS stage_to,
       list([attrs ->> '$.from', attrs ->> '$.to'] ORDER BY t, ord, seq) FILTER (act = 'stage.changed') AS path,
       min(t) FILTER (act = 'quote.sent') AS price_t,
       list({t: t, act: act, discount: try_cast(attrs ->> '$.discount' AS DOUBLE)} ORDER BY t, ord, seq)
           FILTER (act IN ('quote.sent', 'approval')) AS prices,
       count(*) FILTER (act = 'closedate.changed' AND later > 0) AS pushes,
       coalesce(sum(later) FILTER (act = 'closedate.changed' AND later > 0), 0) AS pushed_days,
       max(plan_t) FILTER (act = 'meeting.scheduled' AND t > coalesce(off_t, 0)
                           OR act <> 'meeting.scheduled' AND t > coalesce(done_t, 0)) AS next_t,
       min(plan_t) FILTER (act IN ('task.planned', 'promise.made') AND t > coalesce(done_t, 0)
                           AND plan_t < $now_t) AS missed_t,
       max(t) FILTER (act IN ('stage.changed', 'quote.sent', 'opportunity.won') AND t > $now_t - 2592000000000
                      AND t - coalesce(talked_t, 0) > 1209600000000) AS dark_t,
       arg_max(talked_t, t) FILTER (act IN ('stage.changed', 'quote.sent', 'opportunity.won') AND t > $now_t - 2592000000000
                      AND t - coalesce(talked_t, 0) > 1209600000000) AS dark_since_t,
       max(t) FILTER (act IN ('stage.changed', 'quote.sent', 'amount.changed')) AS moved_t,
       bool_or(m.obj IN (SELECT obj FROM near)) AS is_borrowed
FROM moved m LEFT JOIN spoken s USING (obj) LEFT JOIN champion c USING (obj) LEFT JOIN reply r USING (obj)
GROUP BY m.obj
