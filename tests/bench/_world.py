"""A synthetic front office of any size for the benches, generated in SQL so that fifty million events take minutes.

Cases (conversations, tickets, opportunities) last hours to weeks and run side by side; each belongs to a contact
who comes back some five times over two years, so a batch touches recent cases and old contacts alike. Contacts have
names and accounts, cases titles, owners and links to their customer, and the commit log holds a row for every fifty
events, so that whoever reads finds what a store of this age would hold.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from data.batch import Frames, to_frames
from data.ingest import key64
from data.page import Page
from data.store import SCHEMA, Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance

SPAN_DAYS = 730
START_US = 1_700_000_000_000_000
TEAMS = ("Sales North", "Sales South", "Service", "Social")
CHANNELS = ("email", "phone", "chat", "social", "crm")
COURSE = {
    "conversation": ("msg.in", "msg.out", "msg.in", "msg.out", "msg.out", "msg.in", "resolved"),
    "ticket": (
        "ticket.created",
        "ticket.assigned",
        "msg.out",
        "msg.in",
        "transfer",
        "msg.out",
        "complaint.signal",
        "complaint.logged",
        "complaint.ack",
        "resolved",
        "reopened",
        "msg.out",
        "resolved",
    ),
    "opportunity": (
        "opportunity.created",
        "call.out",
        "meeting.held",
        "approval",
        "quote.sent",
        "msg.in",
        "quote.sent",
        "stage.changed",
        "stage.changed",
        "opportunity.won",
    ),
}

_GENERATE = """
CREATE OR REPLACE TABLE world AS
WITH course AS (SELECT unnest($types) AS type, unnest($activities) AS acts),
kase AS (
    SELECT k, list_element($type_names, CAST(k % 4 AS INTEGER) + 1) AS type,
           $start + CAST(k * ($span_us / $cases) AS BIGINT) AS begun, (k * 48271) % ($cases // 5 + 1) AS contact,
           3 + (k * 69621) % 11 AS n, 600 + (k * 16807) % 60000 AS pace FROM range($cases) t(k)
), step AS (SELECT *, unnest(range(CAST(n AS BIGINT))) AS j FROM kase
), done AS (
    SELECT 'k' || s.k AS id, s.type, 'c' || s.contact AS contact,
           begun + CAST((j * pace + (hash(k, j) % 3600)) AS BIGINT) * 1000000 + CAST(hash(j, k) % 1000000 AS BIGINT)
               -- One case in ten comes back after half a year, so every batch touches old cases too.
               + CASE WHEN k % 10 = 0 AND j = n - 1 THEN 180 * 86400000000 ELSE 0 END AS t,
           -1 - CAST(hash(k, j, 7) >> 2 AS BIGINT) AS ord,
           -- A few cases in a hundred are never finished, and pile up as they do in real life.
           CASE WHEN hash(k, 9) % 100 < 97 AND j = n - 1 THEN CASE
                    WHEN s.type <> 'opportunity' THEN 'resolved'
                    WHEN hash(k, 10) % 3 = 0 THEN 'opportunity.won' ELSE 'opportunity.lost' END
                WHEN hash(k, 9) % 100 < 97 AND j = n - 2 THEN 'msg.out'
                ELSE list_element(
                    acts, CAST((j + CAST(hash(k) % 3 AS BIGINT) * (j % 2)) % len(acts) + 1 AS INTEGER))
                END AS activity,
           list_element($teams, CAST(hash(k, 1) % 4 AS INTEGER) + 1) AS team,
           list_element($channels, CAST(hash(k, 2) % 5 AS INTEGER) + 1) AS channel,
           'rep' || (CASE WHEN hash(k, j, 3) % 20 = 0 THEN hash(k, j) ELSE hash(k) END % 60)
               || '@firm.example' AS actor,
           -- One message in thirty is a mailing, which rules about contacts look at.
           '{"discount": ' || (hash(k, j, 4) % 30) || CASE WHEN hash(k, j, 5) % 30 = 0
               THEN ', "commercial": true, "unsub": true, "postal": true}' ELSE '}' END AS attrs
    FROM step s JOIN course USING (type)
)
SELECT row_number() OVER (ORDER BY t) AS seq, *,
       CASE WHEN activity IN ('msg.in', 'ticket.created') THEN 1
            WHEN activity IN ('msg.out', 'call.out', 'quote.sent') THEN 2 ELSE 0 END AS direction
FROM done ORDER BY t LIMIT $events
"""

_LOAD = (
    """CREATE OR REPLACE TEMP TABLE loaded AS
SELECT w.*, a.code AS act, o.code AS otype, e.code AS channel_code, m.code AS team_code, p.code AS actor_code
FROM (FROM w.world WHERE seq <= {n}) w
JOIN term a ON a.kind = 'activity' AND a.name = w.activity JOIN term o ON o.kind = 'object_type' AND o.name = w.type
JOIN term e ON e.kind = 'channel' AND e.name = w.channel JOIN term m ON m.kind = 'team' AND m.name = w.team
JOIN term p ON p.kind = 'actor' AND p.name = w.actor""",
    """CREATE OR REPLACE TEMP TABLE found AS SELECT row_number() OVER (ORDER BY first) AS obj, * FROM (
    SELECT otype, type, id, min(seq) AS first FROM (
        SELECT otype, type, id, seq FROM loaded UNION ALL
        SELECT (SELECT code FROM term WHERE kind = 'object_type' AND name = 'contact'), 'contact', contact, seq
        FROM loaded)
    GROUP BY ALL) ORDER BY first""",
    """INSERT INTO object (obj, otype, okey, id)
    SELECT obj, otype, okey, id FROM found JOIN b_keys USING (obj) ORDER BY obj""",
    """CREATE OR REPLACE TEMP TABLE numbered AS
    SELECT l.seq, o.obj, o.otype FROM loaded l JOIN object o ON o.id = l.id
    UNION ALL SELECT l.seq, o.obj, o.otype FROM loaded l JOIN object o ON o.id = l.contact""",
    """INSERT INTO event SELECT seq, {source}, CAST(hash(seq) >> 1 AS BIGINT), 's' || seq, t, ord, act,
    channel_code, direction, actor_code, team_code, attrs, 1 + (seq - 1) // 50 FROM loaded ORDER BY seq""",
    "INSERT INTO event_object SELECT seq, obj, 0 FROM numbered ORDER BY seq",
    """INSERT INTO case_event SELECT l.seq, x.obj, x.otype, l.t, l.ord, {source}, l.act, l.channel_code,
    l.direction, l.actor_code, l.team_code, c.obj, l.attrs
    FROM loaded l JOIN object x ON x.id = l.id JOIN object c ON c.id = l.contact ORDER BY l.seq""",
    """INSERT INTO batch_mark SELECT 1 + row_number() OVER (ORDER BY first // 1000), min(first), min(obj)
    FROM found GROUP BY first // 1000 ORDER BY 2""",
    """INSERT INTO object_team SELECT DISTINCT x.obj, l.team_code FROM loaded l
    JOIN numbered x USING (seq) WHERE l.direction <> 1 ORDER BY x.obj""",
    """INSERT INTO object_actor SELECT DISTINCT x.obj, l.actor_code FROM loaded l
    JOIN numbered x USING (seq) WHERE l.direction <> 1 ORDER BY x.obj""",
)

# What a store of this age holds beside events: accounts, names, owners, links, and the log of its commits.
_FURNISH = (
    """CREATE OR REPLACE TEMP TABLE account_of AS
    SELECT obj, 'a' || CAST(substr(id, 2) AS BIGINT) // 3 AS id FROM found WHERE type = 'contact'""",
    """CREATE OR REPLACE TEMP TABLE found_too AS
    SELECT (SELECT max(obj) FROM object) + row_number() OVER (ORDER BY min(obj)) AS obj, 'account' AS type, id
    FROM account_of GROUP BY id""",
    """INSERT INTO object (obj, otype, okey, id)
    SELECT obj, (SELECT code FROM term WHERE kind = 'object_type' AND name = 'account'), okey, id
    FROM found_too JOIN b_keys USING (obj) ORDER BY obj""",
    """CREATE OR REPLACE TEMP TABLE case_of AS
    SELECT k.obj, c.obj AS contact, w.type, w.t, w.actor, w.activity
    FROM (SELECT id, type, any_value(contact) AS contact, min(t) AS t, arg_max(actor, seq) AS actor,
                 arg_max(activity, seq) AS activity FROM loaded GROUP BY id, type) w
    JOIN found k ON k.type = w.type AND k.id = w.id JOIN found c ON c.type = 'contact' AND c.id = w.contact""",
    """INSERT INTO object_object
    SELECT c.obj, a.obj, 0, 1 FROM account_of c JOIN found_too a USING (id) WHERE hash(c.obj) % 10 < 7
    UNION ALL SELECT obj, contact, 0, 1 FROM case_of WHERE type <> 'conversation'""",
    """CREATE OR REPLACE TEMP TABLE told AS
    SELECT obj, 'name' AS attribute, list_element($given, CAST(hash(obj) % len($given) AS INTEGER) + 1) || ' ' ||
           list_element($family, CAST(hash(obj, 1) % len($family) AS INTEGER) + 1) AS value, $start AS t
    FROM found WHERE type = 'contact'
    UNION ALL SELECT obj, 'name', list_element($family, CAST(hash(obj, 2) % len($family) AS INTEGER) + 1) || ' ' ||
           id || ' Ltd', $start FROM found_too
    UNION ALL SELECT obj, 'title', type || ' about order ' || obj, t FROM case_of WHERE type <> 'conversation'
    UNION ALL SELECT obj, 'owner', actor, t FROM case_of WHERE type <> 'conversation'
    UNION ALL SELECT obj, 'stage', activity, t FROM case_of WHERE type = 'opportunity'""",
    """INSERT INTO object_change SELECT obj, a.code, value, t, {source}, 1 FROM told JOIN term a
    ON a.kind = 'attribute' AND a.name = told.attribute ORDER BY t, obj""",
    "INSERT INTO object_now SELECT obj, attribute, value, t FROM object_change ORDER BY obj",
    """INSERT INTO person SELECT code, 'name', list_element($given, code % len($given) + 1) || ' ' ||
    list_element($family, code % len($family) + 1), $start FROM term WHERE kind = 'actor' AND code > 0""",
    "INSERT INTO team_actor SELECT DISTINCT team, actor FROM event WHERE direction <> 1",
    "INSERT INTO activity_source SELECT DISTINCT activity, {source} FROM event",
    """INSERT INTO commit_log SELECT batch, {source}, count(*), count(*), 0, max(t), '' FROM event
    GROUP BY batch ORDER BY batch""",
    """INSERT INTO quarantine SELECT {source}, 'q' || i, 'a record of kind ' || i % 5 || ' has no moment', '',
    $start + i * 60000000, 1 + i FROM range({n} // 5000) r(i)""",
    """UPDATE source SET state = 'live', n_new = {n}, seen_t = (SELECT max(t) FROM event),
    watermark_t = (SELECT max(t) FROM event) WHERE code = {source}""",
)
GIVEN = [
    "Ada",
    "Ben",
    "Clara",
    "David",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jan",
    "Kaya",
    "Lena",
    "Milo",
    "Nora",
]
FAMILY = [
    "Abel",
    "Brandt",
    "Castro",
    "Diaz",
    "Ekström",
    "Fischer",
    "Gallo",
    "Horvat",
    "Ito",
    "Jansen",
    "Kowal",
    "Lund",
    "Moreau",
]


def build(
    path: Path, n_events: int, n_held: int, *, end_us: int | None = None, conformance: Conformance | None = None
) -> tuple[Store, Writer, pl.DataFrame]:
    """A database with `n_events` stored and decided, its writer running, and the `n_held` events that follow.

    With `end_us` the whole world is moved in time so that its last event happens then. `conformance` are the rules;
    without it the core pack.
    """
    world = path.with_suffix(".world")
    with duckdb.connect(str(world)) as con:
        con.execute(
            _GENERATE,
            {
                "types": list(COURSE),
                "activities": [list(c) for c in COURSE.values()],
                "teams": TEAMS,
                "channels": CHANNELS,
                "type_names": ["conversation", "ticket", "conversation", "opportunity"],
                "start": START_US,
                "span_us": SPAN_DAYS * 86_400_000_000.0,
                "cases": (n_events + n_held) // 7,
                "events": n_events + n_held,
            },
        )
        if end_us is not None:
            con.execute("UPDATE world SET t = t + ($end - (SELECT max(t) FROM world))", {"end": end_us})
        held = pl.from_arrow(con.sql(f"SELECT * FROM world WHERE seq > {n_events} ORDER BY seq").to_arrow_table())
    store = Store.open(path)
    engine = Engine(conformance)
    writer = Writer(store, [engine])
    writer.start()
    writer.register("bench", "eventlog", "bench", "")
    store.connection.execute(f"ATTACH '{world}' AS w (READ_ONLY)")
    writer.do(lambda c: _load(c, writer, n_events))
    writer.do(lambda c: (engine.prepare(c), engine.rebuild(c, START_US)))
    writer.do(lambda c: writer.memory.reload())
    store.connection.execute("DETACH w")
    world.unlink()
    store.connection.execute("CHECKPOINT")
    return store, writer, held


def _load(con: duckdb.DuckDBPyConnection, writer: Writer, n_events: int) -> None:
    """Fill the fact tables by SQL; what is derived is computed by the engine afterwards."""
    for kind, names in (
        ("activity", {*(a for course in COURSE.values() for a in course), "opportunity.lost"}),
        ("team", TEAMS),
        ("channel", CHANNELS),
        ("actor", [f"rep{i}@firm.example" for i in range(60)]),
        ("object_type", [*COURSE, "contact", "account"]),
        ("qualifier", [""]),
        ("attribute", ["name", "title", "owner", "stage"]),
    ):
        writer.memory.code(kind, names)
    source = writer.memory.source_code("bench")
    words = {"given": GIVEN, "family": FAMILY, "start": START_US}
    for statement in (*_LOAD, *_FURNISH):
        if "b_keys" in statement:
            numbered = "found_too" if "found_too" in statement else "found"
            rows = con.execute("SELECT obj, type, id FROM " + numbered).fetchall()
            con.register(
                "b_keys",
                pl.DataFrame({"obj": [r[0] for r in rows], "okey": [key64(f"{r[1]}\0{r[2]}") for r in rows]}),
            )
        con.execute(
            statement.format(n=n_events, source=source), {k: v for k, v in words.items() if f"${k}" in statement}
        )
    # Names are kept while events arrive; here they are filled in as the schema does it for older files.
    names = (SCHEMA / "0006_names.sql").read_text(encoding="utf8")
    con.execute(names[names.index("UPDATE") :])


def page_of(held: pl.DataFrame, cursor: int) -> Page:
    """Some held-back events as the page a connector would bring."""
    source_id = ("s" + held["seq"].cast(pl.String)).alias("source_id")
    events = held.select(
        source_id,
        "t",
        "activity",
        "actor",
        "team",
        "channel",
        direction=pl.col("direction").replace_strict({0: "internal", 1: "inbound", 2: "outbound"}),
        attrs="attrs",
        ord=pl.lit(None, pl.Int64),
    )
    relations = pl.concat(
        [
            held.select(source_id, "type", "id", qualifier=pl.lit("")),
            held.select(source_id, type=pl.lit("contact"), id="contact", qualifier=pl.lit("")),
        ]
    )
    empty = to_frames([])
    return Page(cursor={"at": cursor}, frames=Frames(events, relations, empty.changes, empty.links))
