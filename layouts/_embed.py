"""A small panel of one customer, deal or case, for a frame in another program: a signed address that expires.

The address stands for whoever made it: the panel shows what that person may see now, and nothing once the account is
switched off. Which sites may frame it is the administrator's to say; without any, there is no panel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any, Final

from dash import html
from dash.development.base_component import Component
from itsdangerous import BadSignature, URLSafeTimedSerializer

from data.errors import FixSettings, NotAllowed
from data.event import moment
from data.mine_settings import Mine
from data.scope import Principal
from layouts import _cards, _pages, _panel
from layouts._html import to_html
from metrics._contract import SECOND, Read
from metrics.case import Case, Step, case

_SALT: Final = "frontview-embed"
_STEPS: Final = 6
_DAY_SECONDS: Final = 86_400
_GONE: Final = "This panel is not here (any more). Make a new address for it in Frontview."


class Panels:
    """Makes and reads addresses of panels. `who` finds the principal of a login, None when it may not sign in."""

    def __init__(self, secret: str, mine: Mine, who: Callable[[str], Principal | None]) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt=_SALT)
        self._embed = mine.embed
        self._who = who

    @property
    def is_on(self) -> bool:
        """Whether any site may show a panel."""
        return bool(self._embed.allow)

    def token(self, read: Read, who: Principal, obj: int) -> str:
        """A signed word for the case. FixSettings where panels are off, NotAllowed when it is not in scope."""
        if not self.is_on:
            raise FixSettings("no site may show panels yet; an administrator names them under [embed] allow")
        if case(read, obj) is None:
            raise NotAllowed("this case is not in your scope, so there is no panel of it")
        return self._signer.dumps([who.login, obj])

    def opened(self, token: str) -> tuple[Principal, int] | None:
        """Whose panel of which case this is; None when it is forged, over, or the account is switched off."""
        try:
            login, obj = self._signer.loads(token, max_age=int(self._embed.days * _DAY_SECONDS))
        except (BadSignature, ValueError, TypeError):
            return None
        principal = self._who(str(login)) if self.is_on else None
        return (principal, int(obj)) if principal else None

    @property
    def headers(self) -> dict[str, str]:
        """What lets the named sites, and nobody else, show the panel in a frame."""
        policy = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
                  f"form-action 'none'; frame-ancestors {' '.join(self._embed.allow) or chr(39) + 'none' + chr(39)}")
        return {"content-security-policy": policy, "referrer-policy": "no-referrer",
                "cross-origin-resource-policy": "cross-origin"}


def missing() -> _pages.Answer:
    """The same words for whatever is wrong with an address."""
    return _pages.Answer(HTTPStatus.NOT_FOUND, _GONE.encode(), ((b"content-type", b"text/plain; charset=utf-8"),))


def page(found: Case, now_t: int, href: str) -> bytes:
    """The panel as a page of its own; `href` leads to the case itself."""
    told = Template((Path(__file__).parent / "html" / "embed.html").read_text(encoding="utf-8"))
    return told.substitute(title=escape(_panel.words(found.label)), body=to_html(_body(found, now_t)),
                           now=f"{moment(now_t):%H:%M:%S}", href=escape(href)).encode()


def _body(found: Case, now_t: int) -> list[Component | None]:
    label, fact = found.label, found.fact or {}
    state = "ended" if fact.get("closed_t") else "open"
    pending = sorted((b for b in found.bindings if b.verdict == 0 and b.due_t), key=lambda b: b.due_t or 0)
    waits: int | None = None if fact.get("closed_t") else fact.get("waiting_t")
    facts: list[tuple[str, Any]] = [("State", state)] if fact else []
    if waits:
        facts.append(("Customer waits", _cards.span_words(now_t - waits)))
    facts += [(name, fact[key]) for name, key in (("Team", "team"), ("Owner", "actor")) if fact.get(key)]
    due = [html.Li([html.Span(_left(b.due_t or 0, now_t), className="strong"), " ", b.title]) for b in pending[:4]]
    return [
        html.P(_panel.words(label), className="soft kicker"),
        html.H2(label.customer or label.name or _panel.words(label)),
        _panel.pairs(facts),
        html.H3("Due") if due else None,
        html.Ul(due, className="aside-list") if due else None,
        html.H3("Latest"),
        html.Ul([_step(step, now_t) for step in _latest(found.steps)], className="aside-list"),
    ]


def _latest(steps: Sequence[Step]) -> Sequence[Step]:
    return steps[:_STEPS]


def _left(due_t: int, now_t: int) -> str:
    words = _cards.span_words(abs(due_t - now_t))
    at = f"{moment(due_t):%d %b %H:%M}" if abs(due_t - now_t) > 12 * 3600 * SECOND else f"{moment(due_t):%H:%M}"
    return f"late by {words}" if due_t < now_t else f"in {words} ({at} UTC)"


def _step(step: Step, now_t: int) -> Component:
    return html.Li([_cards.activity(step.activity, step.direction),
                    html.Span(f" {_cards.span_words(now_t - step.t)} ago", className="soft")])
