-- What a batch brings to the clock of customers: questions, answers and the ends of cases. A customer is the contact
-- an event names (of several who are named in a question, whoever it is from), else the account.
CREATE OR REPLACE TEMP TABLE named AS
WITH contact AS (
    SELECT seq, obj AS customer, bool_or(qualifier = $sender) AS is_sender
    FROM event_object SEMI JOIN fresh_party USING (seq, obj) WHERE seq >= $first_new_seq GROUP BY ALL
)
FROM contact
UNION ALL SELECT DISTINCT seq, party, FALSE FROM fresh ANTI JOIN contact USING (seq) WHERE party <> 0;

-- Mailings and what a machine sent answer nobody.
CREATE OR REPLACE TEMP TABLE reply_new AS
SELECT n.customer, e.t, e.ord, e.seq FROM event e JOIN named n USING (seq)
WHERE e.seq >= $first_new_seq AND is_answer(e.direction, e.attrs);
INSERT INTO reply FROM reply_new;

CREATE OR REPLACE TEMP TABLE ask_new AS
SELECT f.seq, f.obj, coalesce(n.customer, 0) AS customer, f.t, f.channel, f.team
FROM fresh f LEFT JOIN (FROM named QUALIFY is_sender OR NOT bool_or(is_sender) OVER (PARTITION BY seq)) n USING (seq)
WHERE f.direction = 1 AND f.activity IN (SELECT unnest($asking));

-- A question that came late may have been answered long ago.
INSERT INTO reply_new SELECT r.* FROM reply r SEMI JOIN (FROM ask_new WHERE customer <> 0) a ON r.customer = a.customer
WHERE r.t >= (SELECT min(t) FROM ask_new) AND r.seq < $first_new_seq;
