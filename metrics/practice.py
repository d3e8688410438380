"""What works here: practices and the result they go with, compared like with like on deals at their landmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from metrics._bh import adjusted
from metrics._contract import DAY, SECOND, Metric, Read, ask, statement
from metrics._effect import Effect, Truth, Whole, bands, compare, is_offered, lacking, strata
from metrics._register import PRACTICES, Practice
from metrics.case import CaseRow, to_rows

METRIC = Metric(
    "practice",
    "What works here",
    "Deals still open at their landmark (a third of the usual time to the end, 3 to 30 days), with the practice "
    "counted up to it and 'won' after it. Difference in the share won within strata of segment, source, who began it, "
    "size band and rep (Mantel-Haenszel, Sato's 95 % interval), found on the older two thirds at a false discovery "
    "rate of 5 % and beyond one point, confirmed on the newest third. It goes with the result; only a randomised tip "
    "tells more.",
    "What no connected source records; causes of both the practice and the result that are neither segment, source, "
    "size nor rep; messages that do not name their deal.",
)

RUNGS: Final = ("claimed", "seen", "matched", "confirmed", "tested")
"""The evidence ladder: said elsewhere, done here, found when like is compared with like, found again on newer deals,
and found where a coin decided."""
Q: Final = 0.05
LEAST: Final = 0.01
"""A difference of less than one point is not worth a card."""
_FRESH_US: Final = 600 * SECOND


@dataclass(frozen=True, slots=True)
class Trial:
    """The latest trial of a practice's tip: since when, whether it goes on, deals in it that are old enough, and what
    the tip did (None: not enough yet, `why` says what is lacking)."""

    from_t: int
    is_on: bool
    effect: Effect | None
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """One practice. `found`: on the older deals, `again`: on the newest third; None where nothing may be shown. `q` is
    p after all looks. `why`: why it stands no higher on the ladder."""

    practice: Practice
    rung: str
    found: Effect | None = None
    again: Effect | None = None
    q: float = 1.0
    why: str = ""
    trial: Trial | None = None

    @property
    def is_claim(self) -> bool:
        """Whether the card says that the practice goes with the result here."""
        return self.rung in RUNGS[2:]


@dataclass(frozen=True, slots=True)
class Register:
    """All practices, highest on the ladder first. `deals` in all, `aged` old enough, `compared` open at the landmark;
    `trouble`: why nothing can be claimed at all. Spans in days."""

    cards: Sequence[Card]
    deals: int
    ended: int
    won: int
    aged: int
    compared: int
    landmark_days: tuple[int, int]
    horizon_days: tuple[int, int]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Deals:
    """Deals as arrays, oldest first; `groups` and `reps` are numbers from 0 on."""

    obj: Whole
    first_t: Whole
    groups: Whole
    reps: Whole
    is_open: Truth
    won: Truth
    done: Whole
    fits: Whole

    def effect(self, place: int, which: Truth) -> Effect:
        """The comparison of the practice at this place of the register, on some of the deals."""
        bit = np.int64(1) << place
        which = which & ((self.fits & bit) > 0)
        return compare(self.groups[which], self.reps[which], (self.done[which] & bit) > 0, self.won[which])


@dataclass(frozen=True, slots=True)
class _Firm:
    """What was read of all deals: the arrays, and the sums beside them."""

    deals: _Deals
    sums: Mapping[str, Any]
    brought: frozenset[str]


def register(read: Read, now_t: int) -> Register:
    """Every practice as it stands. Computed anew every ten minutes; trials are told at once."""
    at, known = read.memo.get("practice", (-1, None))
    if known is None or at != now_t // _FRESH_US:
        firm = _firm(read, now_t)
        known = (firm, _register(firm))
        read.memo["practice"] = (now_t // _FRESH_US, known)
    firm, found = known
    trials = _trials(read, firm.deals, now_t)
    cards = [_tested(card, trials[card.practice.id]) if card.practice.id in trials else card for card in found.cards]
    return replace(found, cards=sorted(cards, key=_order))


def cases(read: Read, now_t: int, id_: str) -> list[CaseRow]:
    """The deals in the reader's scope on which a practice showed by the landmark, newest first, with their result."""
    place = next((at for at, practice in enumerate(PRACTICES) if practice.id == id_), None)
    if place is None:
        return []
    rows = _ask(read, "practice_cases", {"place": place, "now_t": now_t})
    became = {row["obj"]: row["became"] for row in rows}
    return [replace(row, note=became[row.label.obj]) for row in to_rows(read, rows)]


def tips(read: Read, now_t: int) -> list[tuple[int, Practice]]:
    """The rep's own young deals on which a trial offers a tip that was not followed yet: (number of the deal,
    practice). NotAllowed for other roles."""
    going = [row for row in ask(read, "practice_trials", {}) if row["until_t"] is None]
    if not going:
        return []
    found = []
    for deal in _ask(read, "practice_young", {"now_t": now_t}):
        for row in going:
            place = _PLACE.get(row["practice"])
            is_in = place is not None and deal["first_t"] >= row["from_t"] and is_offered(row["salt"], deal["obj"])
            if place is not None and is_in and not deal["does"][place]:
                found.append((deal["obj"], PRACTICES[place]))
    return found


_PLACE: Final = {practice.id: place for place, practice in enumerate(PRACTICES)}


def _ask(read: Read, tail: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    text, _ = statement("practice_deals")
    more, names = statement(tail)
    return read(text + more, {key: params[key] for key in names})


def _firm(read: Read, now_t: int) -> _Firm:
    row = _ask(read, "practice_lists", {"now_t": now_t})[0]
    brought = frozenset(one["name"] for one in ask(read, "practice_brought", {}))
    columns = {key: row.pop(key) or [] for key in _COLUMNS}
    whole = {key: np.array(columns[key], dtype=np.int64) for key in ("obj", "first_t", "done", "fits", "seller")}
    order = np.argsort(whole["first_t"], kind="stable")
    kind = np.unique(np.array(columns["kind"], dtype=str), return_inverse=True)[1].astype(np.int64)
    amount = bands(np.array(columns["amount"], dtype=np.float64))
    reps = strata(whole["seller"])
    deals = _Deals(whole["obj"][order], whole["first_t"][order],
                   strata(kind, amount, reps)[order], reps[order], np.array(columns["is_open"], dtype=bool)[order],
                   np.array(columns["won"], dtype=bool)[order], whole["done"][order], whole["fits"][order])
    return _Firm(deals, row, brought)


_COLUMNS: Final = ("obj", "seller", "kind", "amount", "first_t", "is_open", "won", "done", "fits")


def _register(firm: _Firm) -> Register:
    sums, deals = firm.sums, firm.deals
    # The newest third confirms and must have had no say in finding.
    is_new = np.arange(len(deals.obj)) * 3 >= 2 * len(deals.obj)
    cards = [_compared(practice, firm, is_new) for practice in PRACTICES]
    if trouble := _trouble(firm):
        cards = [replace(card, found=None, again=None) for card in cards]
    looks = {at: card.found.p for at, card in enumerate(cards) if card.found}
    for at, q in zip(looks, adjusted([*looks.values()]), strict=True):
        cards[at] = _judged(cards[at], q)
    return Register(cards, sums["deals"], sums["ended"], sums["wins"], len(deals.obj), int(deals.is_open.sum()),
                    _days(sums, "landmark"), _days(sums, "horizon"), trouble)


def _days(sums: Mapping[str, Any], word: str) -> tuple[int, int]:
    return (sums[f"{word}_least"] or 0) // DAY, (sums[f"{word}_most"] or 0) // DAY


def _trouble(firm: _Firm) -> str:
    sums, deals = firm.sums, firm.deals
    if not sums["deals"]:
        return "No source has brought a deal, so there is nothing to compare."
    if not sums["ended"] or not sums["wins"] or sums["wins"] == sums["ended"]:
        said = "won" if not sums["wins"] else "lost"
        return f"No deal is known to have been {said}, so there is no result that a practice could go with."
    if not deals.is_open.any():
        return "No deal was still open at its landmark and is old enough for its result to be known."
    return ""


def _compared(practice: Practice, firm: _Firm, is_new: Truth) -> Card:
    """The two comparisons of a practice; each only where it may be shown."""
    place, deals = _PLACE[practice.id], firm.deals
    missing = [activity for activity in practice.needs if activity not in firm.brought]
    if missing:
        return Card(practice, RUNGS[0], why=f"cannot be seen here: no source has brought {', '.join(missing)}")
    if not (deals.done & (np.int64(1) << place)).any():
        return Card(practice, RUNGS[0], why="was done on no deal that is old enough")
    found, again = (deals.effect(place, deals.is_open & part) for part in (~is_new, is_new))
    why = lacking(found)
    return Card(practice, RUNGS[1], None if why else found, None if lacking(again) else again, why=why)


def _judged(card: Card, q: float) -> Card:
    """Where a comparison puts the practice on the ladder."""
    found, again = card.found, card.again
    if found is None or found.value is None or q > Q or abs(found.value) <= LEAST:
        return replace(card, q=q, why="no difference found that chance would not bring as well")
    if again is None:
        return replace(card, rung=RUNGS[2], q=q, why="too few newer deals to confirm it yet")
    if again.value is None or not again.is_clear:
        return replace(card, rung=RUNGS[2], q=q, why="not clear on the newest third of the deals")
    if (again.value > 0) != (found.value > 0):
        return replace(card, q=q, why="the newest third of the deals says the opposite, so nothing is claimed")
    return replace(card, rung=RUNGS[3], q=q)


def _trials(read: Read, deals: _Deals, now_t: int) -> dict[str, Trial]:
    """The latest trial of each practice: what the offer of the tip did, whether it was followed or not."""
    found: dict[str, Trial] = {}
    for row in ask(read, "practice_trials", {}):
        if row["practice"] in found or row["practice"] not in _PLACE:
            continue
        until_t = now_t if row["until_t"] is None else row["until_t"]
        which = (deals.first_t >= row["from_t"]) & (deals.first_t < until_t)
        offered = np.array([is_offered(row["salt"], obj) for obj in deals.obj[which].tolist()], dtype=np.bool_)
        # All deals from their first day on: the coin was tossed before anything else happened.
        effect = compare(deals.groups[which], deals.reps[which], offered, deals.won[which])
        why = lacking(effect)
        found[row["practice"]] = Trial(row["from_t"], row["until_t"] is None, None if why else effect, why)
    return found


def _tested(card: Card, trial: Trial) -> Card:
    effect = trial.effect
    is_sure = effect is not None and effect.is_clear and (effect.value or 0) > 0
    return replace(card, rung=RUNGS[4], why="", trial=trial) if is_sure else replace(card, trial=trial)


def _order(card: Card) -> tuple[int, float, str]:
    value = card.found.value if card.found and card.found.value is not None else 0.0
    return -RUNGS.index(card.rung), -value, card.practice.title
