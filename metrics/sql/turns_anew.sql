-- The same as `turns_fresh` for a range of objects and all of history; answers are in `reply` already.
CREATE OR REPLACE TEMP TABLE ask_new AS
WITH asked AS (
    SELECT seq, obj, t, channel, team, party FROM hist
    WHERE in_new AND direction = 1 AND activity IN (SELECT unnest($asking)) AND otype NOT IN (SELECT unnest($party))
), contact AS (
    SELECT e.seq, e.obj AS customer, bool_or(e.qualifier = $sender) AS is_sender
    FROM event_object e JOIN object o ON o.obj = e.obj AND o.otype IN (SELECT unnest($party))
    WHERE e.seq IN (SELECT seq FROM asked) GROUP BY ALL
)
SELECT a.seq, a.obj, coalesce(c.customer, a.party) AS customer, a.t, a.channel, a.team
FROM asked a LEFT JOIN (FROM contact QUALIFY is_sender OR NOT bool_or(is_sender) OVER (PARTITION BY seq)) c USING (seq);

CREATE OR REPLACE TEMP TABLE reply_new AS
FROM reply SEMI JOIN (FROM ask_new WHERE customer <> 0) a USING (customer);
