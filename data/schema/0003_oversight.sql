-- What people decided about what was found, and the proof of it.

-- Append-only; each row's hash covers its own words and the hash before it, so a change anywhere shows.
-- n counts from 1 without gaps. detail is JSON and names records by id, never with personal text.
CREATE TABLE audit (n BIGINT NOT NULL, at_t BIGINT NOT NULL, login VARCHAR NOT NULL, role VARCHAR NOT NULL,
    what VARCHAR NOT NULL, obj INTEGER, detail VARCHAR NOT NULL, before_hash VARCHAR NOT NULL, hash VARCHAR NOT NULL);

-- What waits for a person's judgement: a breach, a signal for review, or an activation drawn as a sample. One row an
-- item, for ever; the binding it is about is (rule, obj, act_seq). why: breach, review, sample.
CREATE TABLE review_item (item BIGINT NOT NULL, rule INTEGER NOT NULL, obj INTEGER NOT NULL, act_seq BIGINT NOT NULL,
    why VARCHAR NOT NULL, made_t BIGINT NOT NULL);
-- What was done with an item. what: opened, claimed, released, comment, confirmed, not a breach, known exception,
-- escalate. A disposition closes the item; opening alone is no review.
CREATE TABLE review_action (n BIGINT NOT NULL, item BIGINT NOT NULL, at_t BIGINT NOT NULL, login VARCHAR NOT NULL,
    actor VARCHAR NOT NULL, what VARCHAR NOT NULL, text VARCHAR NOT NULL);

-- A case whose people may be named after somebody asked with a reason and somebody else agreed. agreed_t NULL: asked.
CREATE TABLE unmasking (n BIGINT NOT NULL, obj INTEGER NOT NULL, asked_t BIGINT NOT NULL, asked_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, agreed_t BIGINT, agreed_by VARCHAR, until_t BIGINT);

-- Messages that left, or could not: one row a message, its state kept up to date. ids of bindings, no personal text.
CREATE TABLE alert (n BIGINT NOT NULL, channel VARCHAR NOT NULL, made_t BIGINT NOT NULL, count INTEGER NOT NULL,
    subject VARCHAR NOT NULL, body VARCHAR NOT NULL, state VARCHAR NOT NULL, tries INTEGER NOT NULL,
    next_t BIGINT, sent_t BIGINT, trouble VARCHAR NOT NULL);
-- Which bindings a channel has been told of, and as what (breach, due).
CREATE TABLE alert_told (channel VARCHAR NOT NULL, rule INTEGER NOT NULL, obj INTEGER NOT NULL,
    act_seq BIGINT NOT NULL, what VARCHAR NOT NULL);

-- The text of every rule that was ever in force here, and from when to when (until_t NULL: it is).
CREATE TABLE rule_text (id VARCHAR NOT NULL, digest VARCHAR NOT NULL, pack VARCHAR NOT NULL, body VARCHAR NOT NULL,
    from_t BIGINT NOT NULL, until_t BIGINT);
