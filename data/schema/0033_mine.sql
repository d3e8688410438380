-- What a person said about their own day, about what is held of them, and how they want to be told. A person is named
-- by the id that the sources know them by, as in `account.actor`, so that reading needs nothing but a scope.

-- An item of the day (its key says which) that its owner does not want to see before a moment.
CREATE TABLE snooze (actor VARCHAR NOT NULL, item VARCHAR NOT NULL, until_t BIGINT NOT NULL, at_t BIGINT NOT NULL);
-- An item that its owner says belongs to somebody else. The case keeps its owner; only this list leaves it out.
CREATE TABLE not_mine (actor VARCHAR NOT NULL, item VARCHAR NOT NULL, obj INTEGER NOT NULL, at_t BIGINT NOT NULL);

-- What a person says is wrong. kind: binding (rule, obj and seq, the activation), event (seq) or value (what: the
-- attribute). While it is neither withdrawn nor settled, and for good once it was upheld, it counts in no figure.
CREATE TABLE dispute (
    n BIGINT NOT NULL, at_t BIGINT NOT NULL, login VARCHAR NOT NULL, actor VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    rule INTEGER NOT NULL, obj INTEGER NOT NULL, seq BIGINT NOT NULL, what VARCHAR NOT NULL,
    withdrawn_t BIGINT, settled_t BIGINT, settled_by VARCHAR NOT NULL, outcome VARCHAR NOT NULL
);

-- The secret address of a person's calendar feed, as a digest of it; renewing puts another in its place.
CREATE TABLE feed_key (actor VARCHAR NOT NULL, login VARCHAR NOT NULL, digest VARCHAR NOT NULL, made_t BIGINT NOT NULL);

-- When and how often a person wants to be told. via: mail, slack, webhook, or empty for not at all. morning: minutes
-- after midnight in the zone, -1 for no digest; before_min: minutes before a deadline, 0 for no nudge.
CREATE TABLE nudge_choice (
    actor VARCHAR NOT NULL, login VARCHAR NOT NULL, via VARCHAR NOT NULL, zone VARCHAR NOT NULL,
    morning INTEGER NOT NULL, before_min INTEGER NOT NULL, at_most INTEGER NOT NULL, changed_t BIGINT NOT NULL
);
