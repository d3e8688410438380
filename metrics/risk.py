"""What is worth checking now: indicators of deals, cases, customers and queues, and calibrated chances beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data.vocabulary import label as activity_label
from metrics import _risk_read as source
from metrics._contract import HOUR, SECOND, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._risk_cases import CASES
from metrics._risk_deals import CUSTOMERS, DEALS
from metrics._risk_firm import FIRM, closes, queues
from metrics._risk_kit import ENOUGH, History, Indicator, Item, On, Row, Sign, ask_few, keep, kept
from metrics._risk_odds import Course, Forecast, deal_forecasts, promise_forecast
from metrics._sentence import one_of
from metrics._words import people, words

METRIC = Metric(
    "risk",
    "Worth checking",
    f"26 indicators over open deals (moved in the last 180 days), open cases (30 days), their customers and queues. A "
    f"threshold comes from won deals of the same segment where {ENOUGH} or more are known, else it is a fixed number; "
    "both are shown with the indicator. Value at stake: the amount of the deal, or of the customer's open deals. "
    "Chances: ridge logistic regression, shown only when it proved calibrated on later cases than it learnt from. "
    "Computed at most once a minute.",
    "Talk where no connected system sees it; amounts and dates that the record has wrong; what makes a case differ "
    "from others that look alike. Each indicator says what it cannot see.",
)

INDICATORS: Final[Mapping[str, Indicator]] = {one.id: one for one in (*DEALS, *CASES, *CUSTOMERS, *FIRM)}
LASTS_US: Final = 60 * SECOND
KINDS: Final[Sequence[tuple[On, str]]] = (
    ("deal", "Deals"), ("case", "Cases"), ("customer", "Customers"), ("queue", "Queues"),
)
_FAR_T: Final = 1 << 62
_PARTIES: Final = ("contact", "account")
_PERSON: Final = {"party": 0, "worth": None}


@dataclass(frozen=True, slots=True)
class Standing:
    """One indicator: how many items it could be told of, how many of these are worth checking, and what it rests on;
    `lacking` says in words what no source brings."""

    indicator: Indicator
    hits: int
    looked: int
    told: str
    lacking: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that is worth checking in a scope at `made_t`. `chances` of items by object: won and over for deals, broken
    for promises. `expected_loss` is None while no chance of winning may be shown."""

    made_t: int
    items: Sequence[Item]
    standings: Sequence[Standing]
    won: Forecast
    over: Forecast
    broken: Forecast
    open_deals: int
    open_cases: int
    left_out: int

    @property
    def forecasts(self) -> Sequence[Forecast]:
        """The three of them."""
        return self.won, self.over, self.broken

    def worth(self) -> float:
        """The value of the deals that are worth checking."""
        return sum(item.worth or 0 for item in self.items if item.on == "deal")

    def expected_loss(self) -> float | None:
        """Of these deals, the value times the chance that they are not won."""
        if not self.won.is_shown:
            return None
        deals = [item for item in self.items if item.label and item.on == "deal" and item.label.obj in self.won.chances]
        return sum((item.worth or 0) * (1 - self.won.chances[item.label.obj]) for item in deals if item.label)


def board(read: Read, filters: Filters, now_t: int) -> Board:
    """The board of this scope, of a team or channel where the filters name one; at most a minute old."""
    old = kept(read, "risk-board", source.remembered(filters), LASTS_US, now_t)
    if old is not None:
        known: Board = old[1]
        return known
    found = _board(read, filters, now_t)
    keep(read, "risk-board", source.remembered(filters), now_t, found)
    return found


def chosen(found: Board, filters: Filters) -> list[Item]:
    """The items that the filters name (`rule`: an indicator, `group`: a kind), by value at stake or by time left."""
    items = [item for item in found.items if filters.group in {"", item.on} or filters.group not in dict(KINDS)]
    if filters.rule in INDICATORS:
        items = [item for item in items if any(sign.indicator.id == filters.rule for sign in item.signs)]
    if filters.sort == "left":
        return sorted(items, key=lambda item: (item.left_t is None, item.left_t or 0, -(item.worth or 0), item.key))
    return sorted(items, key=lambda item: (-(item.worth or 0), -len(item.signs), item.left_t or _FAR_T, item.key))


def _board(read: Read, filters: Filters, now_t: int) -> Board:
    past = source.ended(read, now_t)
    history = source.known(read, past, now_t)
    deals, cases = source.deals(read, filters, now_t), source.cases(read, filters, now_t)
    promised, by_case = source.pending(read, filters, now_t)
    customers = source.customers(read, deals.rows, filters, now_t)
    blank = {"due_t": None, "late": None, "legal": None, "late_rule": "", "legal_rule": "", "queue_n": 0}
    open_deals = [{**row, **by_case.get(row["obj"], blank)} for row in deals.rows if not row["is_won"]]
    won_deals = [{**row, **blank} for row in deals.rows if row["is_won"]]
    open_cases = [{**row, **by_case.get(row["obj"], blank)} for row in cases.rows]
    tally = _Tally(history, source.brought(read))
    signed: list[tuple[On, Row, list[Sign]]] = []
    signed += tally.look("deal", open_deals, [one for one in (*DEALS, *CASES) if "deal" in one.on])
    signed += tally.look("deal", won_deals, [one for one in DEALS if one.id == "K21"])
    signed += tally.look("case", open_cases, [one for one in (*DEALS, *CASES) if "case" in one.on])
    signed += tally.look("customer", customers, CUSTOMERS)
    # What is promised to a person, such as an answer to a data request, hangs on no deal or case.
    seen = {row["obj"] for row in (*open_deals, *open_cases)}
    signed += tally.look("customer", _promised(by_case, seen), [one for one in CASES if "customer" in one.on])
    worths = {row["obj"]: row["worth"] for row in customers}
    items = _items(read, signed, worths)
    for found, looked in (queues(read, filters, history), closes(_closes(read, past, now_t), history)):
        items += found
        tally.add(found, looked)
    courses = [Course(row["obj"], row["first_t"], None, row["segment"]) for row in open_deals]
    won, over = deal_forecasts(read, past, courses, now_t)
    broken = promise_forecast(read, filters, promised, now_t)
    left_out = deals.left_out + cases.left_out
    return Board(now_t, items, tally.standings(), won, over, broken, len(open_deals),
                 len(open_cases), left_out)


def _promised(by_case: Mapping[int, Row], seen: set[int]) -> list[dict[str, Any]]:
    return [{"obj": obj, **told, **_PERSON} for obj, told in by_case.items() if obj not in seen]


def _closes(read: Read, past: Sequence[Course], now_t: int) -> list[dict[str, Any]]:
    old = kept(read, "risk-closes", (), HOUR, now_t)
    if old is None and past:
        rows = ask_few(read, "risk_closes", {"objs": [course.obj for course in past], "now_t": now_t})
        keep(read, "risk-closes", (), now_t, rows)
        return rows
    found: list[dict[str, Any]] = old[1] if old else []
    return found


class _Tally:
    """Counts of how many rows each indicator could be told of, and how many it found."""

    def __init__(self, history: History, brought: set[str]) -> None:
        self._history, self._brought = history, brought
        self._looked: dict[str, int] = {}
        self._hits: dict[str, list[Sign]] = {}

    def look(self, on: On, rows: Iterable[Row], indicators: Sequence[Indicator]) -> list[tuple[On, Row, list[Sign]]]:
        """The rows that show something, with what they show. What no source brings cannot be missing."""
        indicators = [one for one in indicators if self._is_told(one)]
        found = []
        for row in rows:
            signs = []
            for one in indicators:
                value = one.value(row, self._history)
                self._looked[one.id] = self._looked.get(one.id, 0) + (value is not None)
                sign = None if value is None else one.sign(row, self._history, value)
                if sign:
                    signs.append(sign)
                    self._hits.setdefault(one.id, []).append(sign)
            if signs:
                found.append((on, row, signs))
        return found

    def add(self, items: Iterable[Item], looked: Mapping[str, int]) -> None:
        """Count what was found elsewhere."""
        for name, n in looked.items():
            self._looked[name] = self._looked.get(name, 0) + n
        for item in items:
            for sign in item.signs:
                self._hits.setdefault(sign.indicator.id, []).append(sign)

    def _is_told(self, one: Indicator) -> bool:
        return not one.needs or not self._brought.isdisjoint(one.needs)

    def standings(self) -> list[Standing]:
        """Every indicator in order of its number."""
        found = []
        for one in sorted(INDICATORS.values(), key=lambda one: one.id):
            lacking = "" if self._is_told(one) else one_of([f"“{activity_label(name)}”" for name in one.needs])
            signs = self._hits.get(one.id, [])
            own = sum(sign.mark.n > 0 for sign in signs)
            parts = ((own, "by own history"), (len(signs) - own, "by a fixed number"))
            told = " · ".join(f"{n} {word}" for n, word in parts if n)
            found.append(Standing(one, len(signs), self._looked.get(one.id, 0), told, lacking))
        return found


def _items(read: Read, signed: Sequence[tuple[On, Row, list[Sign]]], worths: Mapping[int, float]) -> list[Item]:
    """Items with their names; only what is in scope has one."""
    labels = describe(read, [row["obj"] for _, row, _ in signed])
    owners = people(read, [label.owner for label in labels.values()])
    teams = words(read, "team")
    found = []
    for kind, row, signs in signed:
        label = labels.get(row["obj"])
        if label is None:
            continue
        owner = owners.get(label.owner)
        on: On = "case" if kind == "customer" and label.otype not in _PARTIES else kind
        worth, left_t = _stake(on, row, worths)
        found.append(Item(on, f"{on}:{row['obj']}", _called(label), label, signs, worth, left_t,
                          owner.name if owner and on != "customer" else "", teams.get(row.get("team", 0), "")))
    return found


def _called(label: Label) -> str:
    return label.customer or label.name or label.id


def _stake(on: On, row: Row, worths: Mapping[int, float]) -> tuple[float | None, int | None]:
    if on == "deal":
        moments = [t for t in (row["close_t"], row["due_t"]) if t is not None]
        return (None if row["is_won"] else row["amount"]), None if row["is_won"] else min(moments, default=None)
    if on == "case":
        return worths.get(row["party"]), row["due_t"]
    return row["worth"] or worths.get(row["obj"]), row.get("due_t")


def queue_cases(read: Read, found: Board, key: str) -> tuple[str, list[dict[str, Any]]]:
    """What a queue shows, and its cases as rows (obj, t)."""
    item = next((one for one in found.items if one.key == key), None)
    if item is None:
        return "This queue is no longer worth checking", []
    objs = sorted({obj for obj in item.objs})
    rows = ask(read, "risk_moments", {"ids": objs}) if objs else []
    return f"{item.title}: {item.signs[0].reason}", rows
