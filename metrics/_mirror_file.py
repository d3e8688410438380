"""Everything held about the reader as one JSON text, row by row as it is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from metrics._contract import Read
from metrics.mirror import KEPT, as_self

_PAGE: Final = 20_000
_EVENTS: Final = """SELECT e.seq, s.id AS source, s.connector, e.source_id, e.t, a.name AS activity, c.name AS channel,
    e.direction, t.name AS team, e.attrs, e.batch FROM my_events e LEFT JOIN source s ON s.code = e.source
    LEFT JOIN activity a ON a.code = e.activity LEFT JOIN channel c ON c.code = e.channel
    LEFT JOIN team t ON t.code = e.team WHERE e.seq > $after ORDER BY e.seq LIMIT $limit"""
_WHOLE: Final = {
    "account": "SELECT * FROM my_account",
    "values": "SELECT * FROM my_values ORDER BY t, attribute",
    "teams": "SELECT * FROM my_teams ORDER BY name",
    "mentions": "SELECT * FROM my_mentions ORDER BY seq, qualifier",
    "cases": """SELECT m.*, o.id, k.name AS type FROM my_cases m LEFT JOIN object o USING (obj)
                LEFT JOIN object_type k ON k.code = o.otype ORDER BY m.obj""",
    "rule_activations": """SELECT r.id AS rule_id, r.title, r.pack, b.* FROM my_bindings b LEFT JOIN rule r
                           ON r.code = b.rule ORDER BY b.obj, b.rule, b.act_seq""",
    "reviews": "SELECT * FROM my_reviews ORDER BY item",
    "viewed_by": "SELECT * FROM viewed ORDER BY at_t, login, what, obj",
    "my_looks": "SELECT * FROM my_looks ORDER BY at_t, what, obj",
    "my_deeds": "SELECT * FROM my_deeds ORDER BY n",
    "disputes": "SELECT * FROM dispute ORDER BY n",
    "put_off": "SELECT * FROM snooze ORDER BY item",
    "not_mine": "SELECT * FROM not_mine ORDER BY item",
    "messages_to_me": "SELECT * FROM my_letters ORDER BY n",
    "how_i_am_told": "SELECT * FROM nudge_choice",
    "calendar_feed": "SELECT * FROM feed_key",
}


def download(read: Read, now_t: int) -> Iterator[str]:
    """All of it as JSON text, piece by piece: one object, each key a relation with its rows as they are stored, codes
    as words beside them. Moments are microseconds since 1970 UTC."""
    me = as_self(read)
    yield json.dumps({"about": read.scope.actor, "made_t": now_t, "kept": [list(row) for row in KEPT]})[:-1]
    for name, statement in _WHOLE.items():
        yield f", {json.dumps(name)}: " + json.dumps(me(statement, {}), ensure_ascii=False)
    yield ', "events": ['
    seq, first = -1, True
    while rows := me(_EVENTS, {"after": seq, "limit": _PAGE}):
        text = ", ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield text if first else ", " + text
        seq, first = rows[-1]["seq"], False
    yield "]}"
