"""A case in words, for the command line: its course, and each rule's binding with why it was decided so."""

from __future__ import annotations

from collections.abc import Iterator

from data.errors import FixSettings
from data.event import moment
from data.vocabulary import label
from metrics._asof import case_then, first_known_t
from metrics._contract import Read
from metrics.case import Binding, Case, case, find

_VERDICTS = ("pending", "fulfilled", "violated", "holding", "kept", "unknown", "waived")
_FIND = "SELECT obj FROM object WHERE id = $id ORDER BY obj"


def explain(read: Read, wanted: str, now_t: int, as_of: int | None = None) -> Iterator[str]:
    """The lines about one object, named by its id in the source or by text that only it holds.

    `as_of` (microseconds since 1970 UTC): what was known and believed at that moment instead of now.
    Raises FixSettings when there is none, or several, with the nearest ones; or when `as_of` lies in the future.
    """
    if as_of is not None and as_of > now_t:
        raise FixSettings(f"{_time(as_of)} has not come yet; name a past moment")
    numbers = [row["obj"] for row in read(_FIND, {"id": wanted})]
    if not numbers:
        near = find(read, wanted)
        if len(near) != 1:
            told = ", ".join(row.label.id for row in near[:5]) or "nothing like it"
            raise FixSettings(f"no case {wanted!r}; found {told}. Give the id as the source writes it")
        numbers = [near[0].label.obj]
    for obj in numbers:
        found = case(read, obj)
        if found and as_of is not None:
            yield from _then(read, case_then(read, found, as_of), as_of)
        elif found:
            yield from _lines(found, now_t)


def _then(read: Read, found: Case, as_of: int) -> Iterator[str]:
    yield f"As believed on {_time(as_of)}, not now; what was collected later is left out."
    first = first_known_t(read)
    if first is None or first > as_of:
        yield f"Nothing had been collected by then{f'; the first records came on {_time(first)}' if first else ''}."
        return
    yield from _lines(found, as_of)


def _lines(found: Case, now_t: int) -> Iterator[str]:
    yield f"{found.label.otype} {found.label.id}  {found.label.name}".rstrip()
    yield from (f"    {name}: {value}" for name, value in found.attributes)
    yield ""
    numbers = {step.seq: f"#{place}" for place, step in enumerate(reversed(found.steps), 1)}
    arrows = (" ", "<", ">")
    for step in reversed(found.steps):
        who = " ".join(word for word in (step.actor, f"({step.team})" if step.team else "") if word)
        yield (
            f"{numbers[step.seq]:>5} {_time(step.t)} {arrows[step.direction]} {label(step.activity):24} "
            f"{step.channel:8} {who}  [{step.source}]"
        ).rstrip()
    yield ""
    if not found.bindings:
        yield "No rule was activated here."
    for binding in found.bindings:
        yield from _why(binding, numbers, now_t)


def _why(binding: Binding, numbers: dict[int, str], now_t: int) -> Iterator[str]:
    """The verdict and the sentence that leads to it."""
    verdict = _VERDICTS[binding.verdict]
    begun = f"{numbers.get(binding.act_seq, 'an earlier event')} at {_time(binding.t)}"
    target = numbers.get(binding.target_seq or 0, "")
    due = f", due {_time(binding.due_t)}" if binding.due_t else ""
    yield f"{binding.rule}  {verdict}  {binding.title}"
    yield f"      activated by {begun}{due}"
    if binding.verdict == 0 and binding.due_t:
        late = binding.due_t < now_t
        yield "      " + (
            "the deadline has passed without an answer" if late else "still open: nothing has answered it yet"
        )
    elif target:
        yield f"      decided by {target} at {_time(binding.decided_t)}"
    elif binding.verdict in (3, 4):
        yield "      nothing has happened that it forbids" + (
            f"; over since {_time(binding.decided_t)}" if binding.decided_t else ""
        )
    elif binding.verdict == 2:
        yield "      nothing that it asks for was there"
    if binding.reason:
        yield f"      because: {binding.reason}"


def _time(at_us: int | None) -> str:
    return f"{moment(at_us):%Y-%m-%d %H:%M:%S}Z" if at_us is not None else ""
