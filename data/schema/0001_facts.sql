-- What was collected. Moments are BIGINT microseconds since 1970 UTC; small words are coded in `term`.

CREATE TABLE term (kind VARCHAR NOT NULL, code INTEGER NOT NULL, name VARCHAR NOT NULL);

-- One row a configured source; what it is, where it stands, how far it is complete.
CREATE TABLE source (
    code INTEGER NOT NULL, id VARCHAR NOT NULL, connector VARCHAR NOT NULL, title VARCHAR NOT NULL,
    blind VARCHAR NOT NULL, state VARCHAR NOT NULL, message VARCHAR NOT NULL,
    since_t BIGINT NOT NULL, next_t BIGINT, seen_t BIGINT, watermark_t BIGINT, behind BIGINT,
    n_new BIGINT NOT NULL, n_again BIGINT NOT NULL, n_aside BIGINT NOT NULL, cursor VARCHAR NOT NULL
);

-- seq is dense in order of arrival; (t, ekey, source_id) finds a record that came before.
CREATE TABLE event (
    seq BIGINT NOT NULL, source INTEGER NOT NULL, ekey BIGINT NOT NULL, source_id VARCHAR NOT NULL,
    t BIGINT NOT NULL, ord BIGINT NOT NULL, activity INTEGER NOT NULL, channel INTEGER NOT NULL,
    direction UTINYINT NOT NULL, actor INTEGER NOT NULL, team INTEGER NOT NULL, attrs VARCHAR, batch INTEGER NOT NULL
);
CREATE TABLE object (obj INTEGER NOT NULL, otype INTEGER NOT NULL, okey BIGINT NOT NULL, id VARCHAR NOT NULL);
CREATE TABLE event_object (seq BIGINT NOT NULL, obj INTEGER NOT NULL, qualifier INTEGER NOT NULL);
CREATE TABLE object_change (
    obj INTEGER NOT NULL, attribute INTEGER NOT NULL, value VARCHAR, t BIGINT NOT NULL,
    source INTEGER NOT NULL, batch INTEGER NOT NULL
);
CREATE TABLE object_object (a INTEGER NOT NULL, b INTEGER NOT NULL, qualifier INTEGER NOT NULL, batch INTEGER NOT NULL);

-- The latest value of each attribute, and what is known of own people and their teams (small, for names).
CREATE TABLE object_now (obj INTEGER NOT NULL, attribute INTEGER NOT NULL, value VARCHAR, t BIGINT NOT NULL);
CREATE TABLE person (actor INTEGER NOT NULL, attribute VARCHAR NOT NULL, value VARCHAR, t BIGINT NOT NULL);
CREATE TABLE team_actor (team INTEGER NOT NULL, actor INTEGER NOT NULL);

-- Records taken back. A row here also keeps out a record that arrives after its retraction.
CREATE TABLE retraction (
    source INTEGER NOT NULL, ekey BIGINT NOT NULL, source_id VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    seq BIGINT, batch INTEGER NOT NULL
);
CREATE TABLE event_retracted AS FROM event LIMIT 0;
CREATE TABLE quarantine (
    source INTEGER NOT NULL, source_id VARCHAR NOT NULL, reason VARCHAR NOT NULL, excerpt VARCHAR NOT NULL,
    at_t BIGINT NOT NULL, batch INTEGER NOT NULL
);
CREATE TABLE commit_log (
    batch INTEGER NOT NULL, source INTEGER NOT NULL, n_in INTEGER NOT NULL, n_new INTEGER NOT NULL,
    n_aside INTEGER NOT NULL, at_t BIGINT NOT NULL, cursor VARCHAR NOT NULL
);

-- The first event and object number of each batch: no event of an object is older than the batch that numbered it.
CREATE TABLE batch_mark (batch INTEGER NOT NULL, first_seq BIGINT NOT NULL, first_obj INTEGER NOT NULL);

-- The events of the objects whose course is followed, side by side with what deciding needs; append-only
-- except for retractions. party: the account, or else the contact, that the event concerns (0: none).
CREATE TABLE case_event (
    seq BIGINT NOT NULL, obj INTEGER NOT NULL, otype INTEGER NOT NULL, t BIGINT NOT NULL, ord BIGINT NOT NULL,
    source INTEGER NOT NULL, activity INTEGER NOT NULL, channel INTEGER NOT NULL, direction UTINYINT NOT NULL,
    actor INTEGER NOT NULL, team INTEGER NOT NULL, party INTEGER NOT NULL, attrs VARCHAR
);

-- The events of contacts that some rule looks at. A contact has no process of its own and may come back for years;
-- what no rule looks at is found through event_object.
CREATE TABLE watched_event AS FROM case_event LIMIT 0;

-- Which own people and teams took part in, were addressed by, or own an object: the ground of scope.
CREATE TABLE object_team (obj INTEGER NOT NULL, team INTEGER NOT NULL);
CREATE TABLE object_actor (obj INTEGER NOT NULL, actor INTEGER NOT NULL);
-- Which source has ever brought which activity: whose watermark an absence waits for.
CREATE TABLE activity_source (activity INTEGER NOT NULL, source INTEGER NOT NULL);

CREATE TABLE account (
    login VARCHAR NOT NULL, name VARCHAR NOT NULL, role VARCHAR NOT NULL, actor VARCHAR NOT NULL,
    teams VARCHAR, secret VARCHAR NOT NULL, created_t BIGINT NOT NULL, active BOOLEAN NOT NULL
);
CREATE TABLE setting (name VARCHAR NOT NULL, value VARCHAR NOT NULL);
CREATE TABLE viewer_log (at_t BIGINT NOT NULL, login VARCHAR NOT NULL, role VARCHAR NOT NULL, what VARCHAR NOT NULL,
    obj INTEGER, purpose VARCHAR NOT NULL);
