-- What each case asked of its customer: messages and calls, channels, messages sent again before an answer came, hand-offs, and the
-- time waited, over all questions; of cases that the customer wrote about in the span. The heaviest, and how all are.
WITH question AS (
    SELECT a.seq, a.t, a.channel, a.ended_t, a.end_seq, a.obj, a.customer FROM ask a JOIN object_fact f USING (obj)
    WHERE a.t <= $now_t AND ($team = -1 OR f.team = $team) AND ($channel = -1 OR f.channel = $channel)
      AND a.obj IN (SELECT obj FROM ask WHERE t >= $since_t AND t <= $now_t)
      AND (len($customers) = 0 OR list_contains($customers, a.customer))
    QUALIFY row_number() OVER (PARTITION BY a.seq ORDER BY f.otype NOT IN (SELECT otype FROM lifecycle), a.obj) = 1
), turn AS (
    SELECT obj, min(t) AS t, count(*) AS n, any_value(least(ended_t, $now_t)) AS ended_t FROM question GROUP BY obj, end_seq
), waited AS (
    SELECT obj, sum(n - 1) AS repeats, sum(coalesce(ended_t, $now_t) - t) AS wait_us FROM turn GROUP BY obj
), whose AS (SELECT obj, min(customer) AS customer FROM question GROUP BY obj
), spoken AS (
    SELECT obj, count(DISTINCT seq) AS contacts, count(DISTINCT channel) AS channels, min(t) AS t
    FROM case_event SEMI JOIN whose USING (obj) WHERE direction = 1 AND list_contains($contact, activity) AND t <= $now_t GROUP BY obj
), passed AS (
    SELECT obj, count(*) AS hops FROM case_event SEMI JOIN spoken USING (obj)
    WHERE (activity = $transfer OR activity = $referral) AND t <= $now_t GROUP BY obj
), issue AS (SELECT w.*, s.contacts, s.channels, s.t, c.customer, coalesce(p.hops, 0) AS hops
             FROM waited w JOIN spoken s USING (obj) JOIN whose c USING (obj) LEFT JOIN passed p USING (obj))
SELECT (SELECT min({rank: -(contacts + repeats + hops + channels - 1), wait: -wait_us, obj: obj, customer: customer, t: t, contacts: contacts,
                    channels: channels, repeats: repeats, hops: hops, wait_us: wait_us}, $limit) FROM issue) AS top,
       count(*) AS n, median(contacts) AS contacts, quantile_cont(contacts, .9) AS contacts_most,
       avg(CAST(channels > 1 AS INTEGER)) AS several, avg(CAST(repeats > 0 AS INTEGER)) AS again,
       avg(CAST(hops > 0 AS INTEGER)) AS passed, median(wait_us) AS wait_us, quantile_cont(wait_us, .9) AS wait_most
FROM issue
