-- What customers asked and when they were answered, kept up to date with every batch.

-- One row a question (seq) and case (obj) it is about. customer: the contact who asked, else the account, else 0.
-- ended_t: the first answer of a person in the case (kind 1), the first one to the same customer anywhere (2), or the
-- end of the case without one (3), whichever came first; the same for all rows of a question. NULL: still open.
CREATE TABLE ask_open (
    seq BIGINT NOT NULL, obj INTEGER NOT NULL, customer INTEGER NOT NULL, t BIGINT NOT NULL,
    channel INTEGER NOT NULL, team INTEGER NOT NULL,
    ended_t BIGINT, kind UTINYINT, end_ord BIGINT, end_seq BIGINT
);
CREATE TABLE ask_done AS FROM ask_open LIMIT 0;
CREATE VIEW ask AS FROM ask_open UNION ALL FROM ask_done;

-- Every answer of a person, for each customer it names: to find the answer to a question that arrives late.
CREATE TABLE reply (customer INTEGER NOT NULL, t BIGINT NOT NULL, ord BIGINT NOT NULL, seq BIGINT NOT NULL);

-- Whether an event answers a customer: a person wrote or called, and it is no mailing.
-- Most attributes name neither word, and looking for words is cheaper than reading them.
CREATE MACRO is_answer(direction, attrs) AS direction = 2 AND CASE
    WHEN attrs IS NULL OR NOT (contains(attrs, 'automatic') OR contains(attrs, 'commercial')) THEN TRUE
    ELSE coalesce(json_extract_string(attrs, '$.automatic'), '') <> 'true'
         AND coalesce(json_extract_string(attrs, '$.commercial'), '') <> 'true' END;
