"""Chances of open items: that a deal is won, that it is over within two weeks, that a promise is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from metrics._contract import DAY, HOUR, Filters, Read, ask
from metrics._predict import Array, Learnt, Quality, Sample, learn
from metrics._risk_kit import Row, ask_few, keep, kept
from metrics._words import code, codes

SOON_DAYS: Final = 14
_LEARN_AGAIN_US: Final = HOUR
_PARTS: Final = (0.1, 0.25, 0.5, 0.75)
"""Ended cases are looked at when they were as old as these parts of all ended cases had lasted; promises when so much
of their time was over."""
_MOST_CASES: Final = 1_500
_MOST_PROMISES: Final = 4_000
_MOST_ACTIVITIES: Final = 30


@dataclass(frozen=True, slots=True)
class Forecast:
    """A chance told for many items. Without a model `silence` says why; `chances` are by object."""

    id: str
    title: str
    quality: Quality | None
    silence: str
    chances: Mapping[int, float]

    @property
    def is_shown(self) -> bool:
        """Whether there is a model that may be shown."""
        return self.quality is not None and not self.silence


@dataclass(frozen=True, slots=True)
class Course:
    """A case as far as it is needed to learn from it: `end_t` None while it is open."""

    obj: int
    first_t: int
    end_t: int | None
    segment: str = ""


class Features:
    """Snapshots of cases as numbers: ages, how often each frequent activity happened, which came last, the segment."""

    def __init__(self, rows: Sequence[Row], segments: Iterable[str]) -> None:
        often: dict[int, int] = {}
        for row in rows:
            for act in row["acts"]:
                often[act] = often.get(act, 0) + 1
        frequent = sorted(often, key=lambda act: (-often[act], act))[:_MOST_ACTIVITIES]
        self._acts = {act: place for place, act in enumerate(frequent)}
        self._segments = {name: place for place, name in enumerate(sorted(set(segments))[:8])}

    def matrix(self, rows: Mapping[int, Row], snaps: Sequence[tuple[Course, int]]) -> Array:
        """One row for each snapshot, in order."""
        n_acts = len(self._acts)
        x = np.zeros((len(snaps), 3 + 2 * n_acts + len(self._segments)))
        for place, (course, at_t) in enumerate(snaps):
            row, line = rows.get(place), x[place]
            line[0] = np.log1p((at_t - course.first_t) / HOUR)
            if course.segment in self._segments:
                line[3 + 2 * n_acts + self._segments[course.segment]] = 1.0
            if row is None:
                continue
            line[1], line[2] = np.log1p((at_t - row["last_t"]) / HOUR), np.log1p(sum(row["counts"]))
            for act, n in zip(row["acts"], row["counts"], strict=True):
                if act in self._acts:
                    line[3 + self._acts[act]] = np.log1p(n)
            if row["latest"] in self._acts:
                line[3 + n_acts + self._acts[row["latest"]]] = 1.0
        return x


def snapshots(read: Read, snaps: Sequence[tuple[Course, int]]) -> dict[int, Row]:
    """What had happened in each case by its moment, by the snapshot's place."""
    if not snaps:
        return {}
    ids = [course.obj for course, _ in snaps]
    params = {"places": list(range(len(snaps))), "ids": ids, "ats": [at_t for _, at_t in snaps],
              "objs": sorted(set(ids)), "since_t": min(course.first_t for course, _ in snaps)}
    rows = ask_few(read, "risk_snapshots", params)
    return {row["place"]: row for row in rows}


def moments(ended: Sequence[Course]) -> list[int]:
    """The ages (microseconds) at which ended cases are looked at."""
    lasted = [course.end_t - course.first_t for course in ended if course.end_t is not None]
    return [int(age) for age in np.quantile(np.array(lasted), _PARTS)] if lasted else []


@dataclass(frozen=True, slots=True)
class Taught:
    """What was learnt of courses: for the outcome, and for being over soon."""

    features: Features | None
    won: Learnt
    over: Learnt


def teach(read: Read, courses: Sequence[Course], good: Sequence[int], now_t: int) -> Taught:
    """Learn from ended and open courses which end with one of the good activities, and which are over soon."""
    ended = [course for course in courses if course.end_t is not None]
    snaps = _looks(courses, moments(ended), now_t)
    silent = Learnt(None, None, f"not enough yet: {len(ended)} ended cases")
    if not snaps:
        return Taught(None, silent, silent)
    rows = snapshots(read, snaps)
    since_t = min(course.first_t for course in courses)
    reached = {row["obj"] for row in ask_few(read, "risk_outcomes", {
        "objs": [course.obj for course in ended], "good": list(good), "since_t": since_t})}
    features = Features(list(rows.values()), (course.segment for course in courses))
    x = features.matrix(rows, snaps)
    won = [place for place, (course, _) in enumerate(snaps) if course.end_t is not None]
    known = np.array([snaps[p][0].end_t or 0 for p in won], np.int64)
    return Taught(
        features,
        learn(_sample(x, won, snaps, ([float(snaps[p][0].obj in reached) for p in won], known))),
        learn(_over(x, snaps, now_t)),
    )


def _looks(courses: Sequence[Course], ages: Sequence[int], now_t: int) -> list[tuple[Course, int]]:
    """Each course at each age at which it was still open, and long enough ago to know what came of it."""
    last = now_t - SOON_DAYS * DAY
    return [
        (course, course.first_t + age) for course in courses for age in ages
        if course.first_t + age < (last if course.end_t is None else course.end_t)
    ]


def _over(x: Array, snaps: Sequence[tuple[Course, int]], now_t: int) -> Sample:
    soon = SOON_DAYS * DAY
    rows = [p for p, (course, at_t) in enumerate(snaps) if at_t + soon <= now_t]
    told = [float(snaps[p][0].end_t is not None and (snaps[p][0].end_t or 0) <= snaps[p][1] + soon) for p in rows]
    return _sample(x, rows, snaps, (told, np.array([snaps[p][1] + soon for p in rows], np.int64)))


def _sample(
    x: Array, places: Sequence[int], snaps: Sequence[tuple[Course, int]], told: tuple[Sequence[float], Any]
) -> Sample:
    y, known = told
    return Sample(x[list(places)], np.array(y), np.array([snaps[p][0].obj for p in places], np.int64),
                  np.array([snaps[p][1] for p in places], np.int64), known)


def deal_forecasts(
    read: Read, ended: Sequence[Course], open_: Sequence[Course], now_t: int
) -> tuple[Forecast, Forecast]:
    """The chance that each open deal is won, and that it is over within two weeks."""
    old = kept(read, "risk-taught", (), _LEARN_AGAIN_US, now_t)
    if old is None:
        courses = [*ended[:_MOST_CASES], *open_[: _MOST_CASES // 3]]
        taught = teach(read, courses, [code(read, "activity", "opportunity.won")], now_t)
        keep(read, "risk-taught", (), now_t, taught)
    else:
        taught = old[1]
    snaps = [(course, now_t) for course in open_]
    x = np.zeros((0, 0))
    if taught.features and snaps and (taught.won.model or taught.over.model):
        x = taught.features.matrix(snapshots(read, snaps), snaps)
    objs = [course.obj for course in open_]
    return (
        _forecast("won", "Deal is won", taught.won, (objs, x)),
        _forecast("over", f"Deal is over within {SOON_DAYS} days", taught.over, (objs, x)),
    )


def _forecast(name: str, title: str, learnt: Learnt, rows: tuple[Sequence[int], Array]) -> Forecast:
    objs, x = rows
    told = learnt.model.chance(x) if learnt.model and len(x) else np.zeros(0)
    chances: dict[int, float] = {}
    for obj, chance in zip(objs, told, strict=False):
        chances[obj] = max(chances.get(obj, 0.0), float(chance))
    return Forecast(name, title, learnt.quality, learnt.silence, chances)


def promise_forecast(read: Read, filters: Filters, pending: Sequence[Row], now_t: int) -> Forecast:
    """The chance that a pending promise is broken; of several in a case the greatest."""
    name = (filters.team, filters.channel)
    old = kept(read, "risk-promised", name, _LEARN_AGAIN_US, now_t)
    if old is None:
        params = {**codes(read, filters), "since_t": now_t - 90 * DAY, "now_t": now_t, "limit": _MOST_PROMISES}
        decided = ask(read, "risk_promises", params)
        kinds = _kinds(decided)
        # Only while it was still open: what was met or broken before that moment says nothing about it.
        snaps = [(row, part) for row in decided for part in (0.0, *_PARTS)
                 if row["t"] + part * (row["due_t"] - row["t"]) < row["decided_t"]]
        nothing = Learnt(None, None, "not enough yet: no promise was decided")
        learnt = learn(_promised(snaps, kinds)) if snaps else nothing
        keep(read, "risk-promised", name, now_t, (kinds, learnt))
    else:
        kinds, learnt = old[1]
    rows = [(row, (now_t - row["t"]) / max(1, row["due_t"] - row["t"])) for row in pending]
    x = _promise_matrix(rows, kinds) if rows else np.zeros((0, 0))
    return _forecast("broken", "Promise is broken", learnt, ([row["obj"] for row in pending], x))


Kinds = tuple[dict[int, int], dict[int, int], dict[int, int]]


def _kinds(rows: Sequence[Row]) -> Kinds:
    def places(word: str) -> dict[int, int]:
        return {code_: place for place, code_ in enumerate(sorted({row[word] for row in rows})[:40])}

    return places("rule"), places("team"), places("channel")


def _promise_matrix(rows: Sequence[tuple[Row, float]], kinds: Kinds) -> Array:
    """How much of the time is over, alone and for each rule, the team, the channel, the hour and weekday it is due."""
    rules, teams, channels = kinds
    x = np.zeros((len(rows), 4 + 2 * len(rules) + len(teams) + len(channels)))
    for line, (row, part) in zip(x, rows, strict=True):
        hour = row["due_t"] / HOUR % 24 / 24 * 2 * np.pi
        line[0], line[1], line[2] = part, np.sin(hour), np.cos(hour)
        # 1970 began on a Thursday.
        line[3] = float((row["due_t"] // DAY + 3) % 7 >= 5)
        start = 4
        for word, places in (("rule", rules), ("team", teams), ("channel", channels)):
            if row[word] in places:
                line[start + places[row[word]]] = 1.0
                if word == "rule":
                    line[start + len(rules) + places[row[word]]] = part
            start += len(places) * (2 if word == "rule" else 1)
    return x


def _promised(snaps: Sequence[tuple[Row, float]], kinds: Kinds) -> Sample:
    at = np.array([int(row["t"] + part * (row["due_t"] - row["t"])) for row, part in snaps], np.int64)
    numbers: dict[tuple[int, int, int], int] = {}
    case = [numbers.setdefault((row["rule"], row["t"], row["due_t"]), len(numbers)) for row, _ in snaps]
    known = np.array([row["decided_t"] for row, _ in snaps], np.int64)
    y = np.array([float(row["is_broken"]) for row, _ in snaps])
    return Sample(_promise_matrix(snaps, kinds), y, np.array(case, np.int64), at, known)
