"""The way of customers through all channels: one customer's timeline, the effort of cases, the mix of channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from metrics._contract import DAY, HOUR, SPANS, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._lines import once
from metrics._words import code, codes, people, words
from metrics.case import CaseRow
from metrics.restarts import CONTACTS
from metrics.review import wilson

METRIC = Metric(
    "journey",
    "The customer's journey",
    "Effort of a case: the customer's messages and calls, the channels they came by, those sent again before an answer "
    "came, hand-offs, and the time waited until answers (elapsed). Channel mix: each channel's share of what "
    "customers and we said, with Wilson's 95 % interval; its trend is the share in the later half of the "
    "span less the one in the earlier half, with Newcombe's interval. Tied to a case: social conversations "
    "that an event names together with a case, within an hour and within a day of their beginning; those "
    "that only a relation ties have no moment and make the upper bound.",
    "Channels that no source collects, and the same person under several names. Messages of machines count "
    "in the mix.",
)

LONGEST: Final = 150
ON_A_PAGE: Final = 12
FEWEST: Final = 20
SOCIAL: Final = "social"


@dataclass(frozen=True, slots=True)
class Stop:
    """One event on a customer's way; `wait_us` since the one before it, `case` what it belongs to."""

    seq: int
    t: int
    activity: str
    direction: int
    channel: str
    team: str
    actor: str
    case: Label | None


@dataclass(frozen=True, slots=True)
class Issue:
    """What one case asked of its customer. `wait_us`: microseconds waited for answers, in elapsed time."""

    case: Label
    customer: str
    whose: int
    t: int
    contacts: int
    channels: int
    repeats: int
    hops: int
    wait_us: int


@dataclass(frozen=True, slots=True)
class Effort:
    """The heaviest cases, and of all `n`: median and 90th percentile of messages and of time waited; the shares with
    several channels, messages sent again, and hand-offs (0 to 1)."""

    rows: Sequence[Issue]
    n: int
    contacts: float
    contacts_most: float
    several: float
    again: float
    passed: float
    wait_us: float
    wait_most: float


@dataclass(frozen=True, slots=True)
class Way:
    """One customer: its label, what happened over all channels, latest first, and its cases by effort."""

    label: Label
    stops: Sequence[Stop]
    issues: Sequence[Issue]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A channel's share of all that was said (0 to 1), its interval, counts by step, and how the share moved between
    the halves of the span (`trend`, with its interval; None where a half has too few)."""

    channel: str
    n: int
    share: float
    interval: tuple[float, float]
    steps: Sequence[int]
    trend: float | None
    trend_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Linkage:
    """Social conversations at least a day old: tied to a case within an hour, within a day (includes the hour), later,
    by a relation without a moment, or never. `young` are not a day old and not tied."""

    hour: int
    day: int
    later: int
    related: int
    never: int
    young: int

    @property
    def n(self) -> int:
        """All that are old enough."""
        return self.day + self.later + self.related + self.never


def way(read: Read, obj: int, now_t: int) -> Way | None:
    """The journey of a customer, or of whoever a case belongs to; None when that is not in the viewer's scope."""
    who = _customer(read, obj)
    label = describe(read, [who]).get(who)
    if label is None:
        return None
    objs = [who]
    if label.otype == "account":
        objs += [row["obj"] for row in ask(read, "journey_people", {"account": who})]
    elif label.otype != "contact":
        return _of_case(read, label, now_t)
    rows = ask(read, "case_records", {"objs": objs, "limit": LONGEST})
    issues = sorted(_effort(read, Filters(span="all"), now_t, objs, 20).rows, key=lambda e: -e.t)
    return Way(label, _stops(read, rows), issues, len(rows) >= LONGEST)


def _of_case(read: Read, label: Label, now_t: int) -> Way:
    """A case whose customer nobody knows: its own course."""
    facts = ask(read, "case_fact", {"obj": label.obj, "objs": [label.obj]})
    bounds = {"objs": [label.obj], "obj": label.obj, "limit": LONGEST}
    rows = ask(read, "case_timeline", {**bounds, **{k: facts[0][k] for k in ("first_t", "last_t")}}) if facts else []
    return Way(label, _stops(read, rows), [], len(rows) >= LONGEST)


def _customer(read: Read, obj: int) -> int:
    label = describe(read, [obj]).get(obj)
    if label is None or label.otype in ("contact", "account"):
        return obj
    found = [row["who"] for row in ask(read, "journey_whose", {"objs": [obj]})]
    names = describe(read, found)
    # The person who asked says more than the firm.
    known = sorted((w for w in found if w in names), key=lambda w: (names[w].otype != "contact", w))
    return known[0] if known else obj


def _stops(read: Read, rows: Sequence[Mapping[str, Any]]) -> list[Stop]:
    belongs: dict[int, int] = {}
    for row in ask(read, "journey_cases", {"seqs": [r["seq"] for r in rows]}) if rows else []:
        belongs.setdefault(row["seq"], row["obj"])
    names = describe(read, belongs.values())
    said = {kind: words(read, kind) for kind in ("activity", "channel", "team")}
    known = people(read, [r["actor"] for r in rows])
    return [
        Stop(
            r["seq"],
            r["t"],
            said["activity"].get(r["activity"], ""),
            r["direction"],
            said["channel"].get(r["channel"], ""),
            said["team"].get(r["team"], ""),
            known[r["actor"]].name if r["direction"] != 1 and r["actor"] in known else "",
            names.get(belongs.get(r["seq"], -1)),
        )
        for r in rows
    ]


def effort(read: Read, filters: Filters, now_t: int) -> Effort:
    """What cases asked of customers in the span, the heaviest first."""
    return _effort(read, filters, now_t, [], ON_A_PAGE)


def _effort(read: Read, filters: Filters, now_t: int, customers: Sequence[int], limit: int) -> Effort:
    acts = {name: code(read, "activity", name) for name in ("transfer", "referral")}
    since_t = max(0, filters.first_day(now_t) * DAY)
    params = {**codes(read, filters), **acts, **_contacts(read), "since_t": since_t, "now_t": now_t}
    (found,) = once(read, now_t, "journey_effort", {**params, "customers": list(customers), "limit": limit})
    top = found["top"] or []
    names = describe(read, [obj for row in top for obj in (row["obj"], row["customer"]) if obj])
    rows = [_issue(row, names) for row in top if row["obj"] in names]
    return Effort(rows, **{key: value or 0 for key, value in found.items() if key != "top"})


def _contacts(read: Read) -> dict[str, Any]:
    return {"contact": [code(read, "activity", name) for name in CONTACTS]}


def _issue(row: Mapping[str, Any], names: Mapping[int, Label]) -> Issue:
    case, whose = names[row["obj"]], names.get(row["customer"])
    called = (whose.name or whose.id) if whose else case.customer or case.name
    counts = {key: int(row[key]) for key in ("t", "contacts", "channels", "repeats", "hops", "wait_us")}
    return Issue(case, called, row["customer"] or row["obj"], **counts)


def mix(read: Read, filters: Filters, now_t: int) -> list[Share]:
    """Each channel's share in the span, largest first."""
    first = max(filters.first_day(now_t), now_t // DAY - 364)
    step = 7 if SPANS[filters.span] >= SPANS["90d"] else 1
    params = {**codes(read, filters), "now_t": now_t, "first_day": first, "step_days": step}
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for row in once(read, now_t, "journey_mix", params):
        counts[row["channel"]][row["step"]] = int(row["n"])
    n_steps = (now_t // DAY - first) // step + 1
    said = words(read, "channel")
    by_channel = {said.get(c, "") or "none given": [s.get(i, 0) for i in range(n_steps)] for c, s in counts.items()}
    whole = [sum(steps[i] for steps in by_channel.values()) for i in range(n_steps)]
    found = [_share(name, steps, whole) for name, steps in by_channel.items()]
    return sorted(found, key=lambda s: (-s.n, s.channel))


def _share(name: str, steps: Sequence[int], whole: Sequence[int]) -> Share:
    n, total, half = sum(steps), sum(whole), len(steps) // 2
    early, late = (sum(steps[:half]), sum(whole[:half])), (sum(steps[half:]), sum(whole[half:]))
    trend = None if min(early[1], late[1]) < FEWEST else late[0] / late[1] - early[0] / early[1]
    return Share(name, n, n / total, wilson(n, total), list(steps), trend, difference(late, early))


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares (hits, n), after Newcombe (1998), method 10."""
    if not one[1] or not other[1]:
        return -1.0, 1.0
    p, q = one[0] / one[1], other[0] / other[1]
    (p_low, p_high), (q_low, q_high) = wilson(*one), wilson(*other)
    return p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2), p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)


def _linked(read: Read, filters: Filters, now_t: int) -> list[dict[str, Any]]:
    kinds = {
        "conversation": code(read, "object_type", "conversation"),
        "social": code(read, "channel", SOCIAL),
        "since_t": max(0, filters.first_day(now_t) * DAY),
        "now_t": now_t,
    }
    rows = once(read, now_t, "journey_links", {**codes(read, filters), **kinds})
    return [row | {"fate": _fate(row, now_t)} for row in rows]


def _fate(row: Mapping[str, Any], now_t: int) -> str:
    if row["tied_t"] is None:
        young = now_t - row["first_t"] < DAY
        return "related" if row["related"] else "young" if young else "never"
    after = row["tied_t"] - row["first_t"]
    return "hour" if after <= HOUR else "day" if after <= DAY else "later"


def linkage(read: Read, filters: Filters, now_t: int) -> Linkage:
    """How soon social conversations of the span were tied to a case."""
    n: dict[str, int] = defaultdict(int)
    for row in _linked(read, filters, now_t):
        n[row["fate"]] += 1
    return Linkage(n["hour"], n["hour"] + n["day"], n["later"], n["related"], n["never"], n["young"])


def link_cases(read: Read, filters: Filters, now_t: int, fate: str) -> list[CaseRow]:
    """The conversations of one fate, latest first; `day` are all tied within a day."""
    wanted = {"hour", "day"} if fate == "day" else {fate} if fate else {"never", "later"}
    rows = sorted((r for r in _linked(read, filters, now_t) if r["fate"] in wanted), key=lambda r: -r["first_t"])[:60]
    names = describe(read, [row["obj"] for row in rows])
    return [CaseRow(names[r["obj"]], r["first_t"], r["fate"]) for r in rows if r["obj"] in names]


def effort_cases(read: Read, filters: Filters, now_t: int) -> list[CaseRow]:
    """The cases that asked most of their customers."""
    rows = _effort(read, filters, now_t, [], 60).rows
    return [CaseRow(r.case, r.t, f"{r.contacts} messages, {r.channels} channels, {r.hops} hand-offs") for r in rows]
