-- What was decided: facts and bindings of each object, and aggregates that are kept by signed difference.

CREATE TABLE object_fact (
    obj INTEGER NOT NULL, otype INTEGER NOT NULL, first_t BIGINT NOT NULL, last_t BIGINT NOT NULL,
    n INTEGER NOT NULL, last_activity INTEGER NOT NULL, last_direction UTINYINT NOT NULL,
    channel INTEGER NOT NULL, team INTEGER NOT NULL, actor INTEGER NOT NULL, party INTEGER NOT NULL,
    variant VARCHAR, rework INTEGER NOT NULL,
    closed_t BIGINT, waiting_t BIGINT
);
-- Those that have not ended, apart: the few that most pages are about.
CREATE TABLE case_open AS FROM object_fact LIMIT 0;
CREATE TABLE variant (otype INTEGER NOT NULL, variant VARCHAR NOT NULL, activities INTEGER[] NOT NULL);

CREATE TABLE rule (
    code INTEGER NOT NULL, id VARCHAR NOT NULL, pack VARCHAR NOT NULL, digest VARCHAR NOT NULL, active BOOLEAN NOT NULL,
    title VARCHAR NOT NULL, severity VARCHAR NOT NULL, kind VARCHAR NOT NULL, template VARCHAR NOT NULL,
    otype VARCHAR NOT NULL, nudge_us BIGINT NOT NULL, help VARCHAR NOT NULL, body VARCHAR NOT NULL
);

-- Where the events of a rule are looked for. role: 1 activation (activity 0: the object's first event), 2 target,
-- 3 until, 10 and on the steps of a playbook. cond 0 is no condition.
CREATE TABLE rule_term (rule INTEGER NOT NULL, role UTINYINT NOT NULL, otype INTEGER NOT NULL,
    activity INTEGER NOT NULL, cond INTEGER NOT NULL, from_t BIGINT NOT NULL, to_t BIGINT NOT NULL);
-- How a rule is decided. look: the statement that does it. unit: 0 none, 1 elapsed (n in microseconds), 2 open time
-- (n in microseconds), 3 business days, 4 calendar months, 5 days after the end of the quarter. corr 0 is no condition
-- between the two events. howmany: how often; lim: the greatest sum; optional: steps that may be missing, as bits.
CREATE TABLE rule_clock (rule INTEGER NOT NULL, template VARCHAR NOT NULL, look VARCHAR NOT NULL, corr INTEGER NOT NULL,
    due_unit UTINYINT NOT NULL, due_n BIGINT NOT NULL, from_unit UTINYINT NOT NULL, from_n BIGINT NOT NULL,
    calendar VARCHAR NOT NULL, howmany INTEGER NOT NULL, lim DOUBLE NOT NULL, optional BIGINT NOT NULL,
    steps INTEGER NOT NULL, anchored BOOLEAN NOT NULL, injective BOOLEAN NOT NULL, quantifier VARCHAR NOT NULL);
-- Which activities end an object of a type (and which bring it back).
CREATE TABLE lifecycle (otype INTEGER NOT NULL, activity INTEGER NOT NULL, ends BOOLEAN NOT NULL);

-- One row a binding: one activation together with one object. verdict: 0 pending, 1 fulfilled, 2 violated,
-- 3 holding, 4 kept, 5 unknown, 6 waived. Pending ones live apart because each reader looks through them.
CREATE TABLE binding_open (
    rule INTEGER NOT NULL, obj INTEGER NOT NULL, act_seq BIGINT NOT NULL, t BIGINT NOT NULL,
    target_seq BIGINT, decided_t BIGINT, due_t BIGINT, verdict UTINYINT NOT NULL, reason VARCHAR NOT NULL,
    team INTEGER NOT NULL, channel INTEGER NOT NULL, actor INTEGER NOT NULL, believed_t BIGINT NOT NULL
);
CREATE TABLE binding_done AS FROM binding_open LIMIT 0;
-- What was believed before, and until when: the answer to "what did we know then".
CREATE TABLE binding_past (
    rule INTEGER NOT NULL, obj INTEGER NOT NULL, act_seq BIGINT NOT NULL, t BIGINT NOT NULL,
    target_seq BIGINT, decided_t BIGINT, due_t BIGINT, verdict UTINYINT NOT NULL, reason VARCHAR NOT NULL,
    team INTEGER NOT NULL, channel INTEGER NOT NULL, actor INTEGER NOT NULL, believed_t BIGINT NOT NULL,
    until_t BIGINT NOT NULL
);
-- Of rules about all or any of an activation's objects: what each object says, before it is put together.
CREATE TABLE binding_part AS SELECT * EXCLUDE (believed_t) FROM binding_open LIMIT 0;
CREATE VIEW binding AS FROM binding_open UNION ALL FROM binding_done;

-- Sums of signed differences; several rows may share a key until they are folded together.
CREATE TABLE agg_activity (hour INTEGER NOT NULL, team INTEGER NOT NULL, channel INTEGER NOT NULL,
    direction UTINYINT NOT NULL, activity INTEGER NOT NULL, n BIGINT NOT NULL);
CREATE TABLE agg_dfg (day INTEGER NOT NULL, team INTEGER NOT NULL, channel INTEGER NOT NULL, otype INTEGER NOT NULL,
    source INTEGER NOT NULL, target INTEGER NOT NULL, n BIGINT NOT NULL, dt HUGEINT NOT NULL);
CREATE TABLE agg_rule (day INTEGER NOT NULL, team INTEGER NOT NULL, channel INTEGER NOT NULL, rule INTEGER NOT NULL,
    verdict UTINYINT NOT NULL, n BIGINT NOT NULL);
CREATE TABLE agg_case (day INTEGER NOT NULL, team INTEGER NOT NULL, channel INTEGER NOT NULL, otype INTEGER NOT NULL,
    closed BOOLEAN NOT NULL, bucket INTEGER NOT NULL, n BIGINT NOT NULL, dur HUGEINT NOT NULL, rework BIGINT NOT NULL);
CREATE TABLE agg_variant (otype INTEGER NOT NULL, variant VARCHAR NOT NULL, n BIGINT NOT NULL);

-- Open time of each calendar, UTC, one row an open day. day_t is local midnight, cum_us the open time before it,
-- day_no counts open days.
CREATE TABLE calendar_open (calendar VARCHAR NOT NULL, day_t BIGINT NOT NULL, start_t BIGINT NOT NULL,
    end_t BIGINT NOT NULL, cum_us BIGINT NOT NULL, day_no INTEGER NOT NULL);
