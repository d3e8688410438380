"""The indicators of queues: routes of hand-offs, discounts at quarter's end, supervision, and capture itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from metrics._contract import DAY, HOUR, Filters, Read, ask
from metrics._people import fold_small, teams
from metrics._risk_kit import ENOUGH, History, Indicator, Item, Mark, Row, ago, fixed, keep, kept
from metrics._words import codes
from metrics.rates import wilson

_FEWEST_HANDED: Final = 20
_Q: Final = ("queue",)


def _restarts(row: Row, history: History) -> float | None:
    return wilson(row["restarts"], row["n"])[0] if row["n"] >= _FEWEST_HANDED and row["restarts"] else None


def _squeeze(row: Row, history: History) -> float | None:
    if row["n"] < ENOUGH or not row["n_late"] or row["n"] == row["n_late"]:
        return None
    return wilson(row["deep_late"], row["n_late"])[0]


def _baseline(row: Row, history: History) -> Mark:
    n = row["n"] - row["n_late"]
    # Nobody deep elsewhere would make a single one at the end look like a habit.
    return Mark(max(row["deep_else"] / n if n else 1.0, 0.01), n, "share on all other days")


FIRM: Final[Sequence[Indicator]] = (
    Indicator("K15", "Restart hot spot", _Q, "risk_routes", "share", _restarts,
              lambda row, _: Mark(row["overall"], row["all"], "all routes together"),
              "{restarts} of {n} customers began again elsewhere; at least {value} of them, all routes {limit}",
              "Customers who start again in a case of their own.", needs=("transfer", "referral")),
    Indicator("K24", "Quarter-end squeeze", _Q, "risk_closes", "share", _squeeze, _baseline,
              "{deep_late} of {n_late} deals won in a quarter's last five days had a discount above {deep:.0f} %; at "
              "least {value}, otherwise {limit}", "Discounts that are not in the quote.", needs=("quote.sent",)),
    Indicator("K25", "Supervision backlog", _Q, "risk_flags", "time", lambda row, _: row["age_us"],
              lambda row, history: Mark(history.business(5)), "{open} flags are open, one in twenty for over {value}",
              "Reviews that are not recorded.", needs=("flag.raised",)),
    Indicator("K25b", "Reviews in seconds", _Q, "risk_flags", "share",
              lambda row, _: row["hasty"] / row["done"] if row["done"] >= _FEWEST_HANDED else None, fixed(0.2),
              "{hasty} of {done} reviews came within five seconds of the flag", "Reviews that are recorded late.",
              needs=("review.done",)),
    Indicator("K26", "Capture loss", _Q, "risk_capture", "share", lambda row, _: row["taken"], fixed(0.995),
              "{n_aside} of {n_in} records of a day were set aside, {value} were taken", "Records the source never "
              "handed over.", below=True),
    Indicator("K26b", "Source late", _Q, "source", "time", ago("watermark_t"), fixed(6 * 3600e6),
              "complete only up to {value} ago", "Sources that tell no watermark."),
    Indicator("K26c", "Sudden zero", _Q, "risk_capture", "count", lambda row, _: row["today"], fixed(1),
              "nothing new in a day, {usual:.0f} on a usual one", "Holidays.", below=True),
)


def queues(read: Read, filters: Filters, history: History) -> tuple[list[Item], dict[str, int]]:
    """The queues that are worth a look, and on how many each indicator looked."""
    params = {**codes(read, filters), "now_t": history.now_t}
    looked: dict[str, int] = {}
    found: list[Item] = []
    # A source feeds all teams, and deals are won by few: both are only told for everything at once.
    whole = [] if filters.team or filters.channel else [*_sources(read, history.now_t)]
    for rows, names in ((_routes(read, params), ("K15",)), (_flags(read, params), ("K25", "K25b")),
                        (whole, ("K26", "K26b", "K26c"))):
        _look(rows, names, history, (looked, found))
    return found, looked


def closes(rows: Sequence[Row], history: History) -> tuple[list[Item], dict[str, int]]:
    """The same of deals won at a quarter's end."""
    looked: dict[str, int] = {}
    found: list[Item] = []
    name = {"key": "closes", "title": "Deals won at a quarter's end", "team_name": ""}
    told = [{**row, **name} for row in rows if row["n"]]
    _look(told, ("K24",), history, (looked, found))
    return found, looked


def _look(rows: Sequence[Row], names: Sequence[str], history: History, into: tuple[dict[str, int], list[Item]]) -> None:
    looked, found = into
    mine = [one for one in FIRM if one.id in names]
    for row in rows:
        values = {one.id: one.value(row, history) for one in mine}
        for name, value in values.items():
            looked[name] = looked.get(name, 0) + (value is not None)
        told = [(one, values[one.id]) for one in mine]
        signs = [s for one, value in told if value is not None and (s := one.sign(row, history, value))]
        if signs:
            found.append(Item("queue", row["key"], row["title"], None, signs, team=row["team_name"],
                              objs=tuple(row.get("objs") or ())))


def _routes(read: Read, params: dict[str, Any]) -> list[dict[str, Any]]:
    name = (params["team"],)
    old = kept(read, "risk-routes", name, HOUR, params["now_t"])
    rows = old[1] if old else ask(read, "risk_routes", params)
    if old is None:
        keep(read, "risk-routes", name, params["now_t"], rows)
    n, restarts = sum(row["n"] for row in rows), sum(row["restarts"] for row in rows)
    share = restarts / n if n else 0.0
    return [
        {**row, "all": n, "overall": share, "key": f"route:{row['act']}:{row['origin']}:{row['target']}",
         "title": f"{'Hand-offs' if row['act'] == 'transfer' else 'Referrals'} {row['origin'] or 'any'} to "
                  f"{row['target'] or 'elsewhere'}", "objs": row["restarted"], "team_name": ""}
        for row in rows
    ]


def _flags(read: Read, params: dict[str, Any]) -> list[dict[str, Any]]:
    # Whoever reviews is a person of the team, so small teams are told together.
    shown = fold_small(teams(read))
    merged: dict[str, dict[str, Any]] = {}
    for row in ask(read, "risk_flags", params):
        name = shown.get(row["team"], "") or "no team"
        blank: dict[str, Any] = {"open": 0, "done": 0, "hasty": 0, "age_us": None, "objs": []}
        told = {"key": f"flags:{name}", "title": f"Flags of {name}", "team_name": name}
        into = merged.setdefault(name, {**told, **blank})
        for word in ("open", "done", "hasty"):
            into[word] += row[word]
        ages = [age for age in (into["age_us"], row["age_us"]) if age is not None]
        into |= {"age_us": max(ages, default=None), "objs": [*into["objs"], *(row["objs"] or ())]}
    return list(merged.values())


def _sources(read: Read, now_t: int) -> list[dict[str, Any]]:
    days: dict[int, dict[int, Row]] = {}
    for row in ask(read, "risk_capture", {"now_t": now_t}):
        days.setdefault(row["source"], {})[row["day"]] = row
    rows = read("SELECT code, id, title, state, watermark_t FROM source", {})
    return [_source(row, days.get(row["code"], {}), now_t // DAY) for row in rows]


def _source(source: Row, days: Mapping[int, Row], today: int) -> dict[str, Any]:
    """A source's worst day, its last two days, and what is usual for it."""
    full = [row for row in days.values() if row["n_in"]]
    worst = max(full, key=lambda row: row["n_aside"] / row["n_in"], default={"n_in": 0, "n_aside": 0})
    new = {day: int(row["n_new"]) for day, row in days.items()}
    usual = float(median(new.get(day, 0) for day in range(today - 8, today - 1)))
    # Today has only begun, so the day before counts with it.
    lately = float(new.get(today - 1, 0) + new.get(today, 0))
    return {
        "key": f"source:{source['id']}", "title": f"Source {source['title'] or source['id']}", "team_name": "",
        "taken": 1 - worst["n_aside"] / worst["n_in"] if worst["n_in"] else None,
        "n_in": int(worst["n_in"]), "n_aside": int(worst["n_aside"]),
        "today": lately if usual >= 20 else None, "usual": usual,
        "watermark_t": None if source["state"] == "off" else source["watermark_t"],
    }
