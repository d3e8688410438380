"""The few pages that are plain HTML: sign in, no permission, not found. They work without script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any

from data.scope import Principal

SHOWN_AT_ONCE = 8
ROLE_WORDS = {
    "manager": "sees live work, waiting customers and promises about to be missed",
    "officer": "sees open and imminent breaches with their evidence; people stay pseudonymous",
    "rep": "sees what waits on them and what falls due next",
    "administrator": "sees sources and accounts, and no content",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ((b"content-type", b"text/html; charset=utf-8"),)


async def answer(send: Any, found: Answer) -> None:
    """Send an answer over ASGI."""
    length = (b"content-length", str(len(found.body)).encode())
    await send({"type": "http.response.start", "status": found.status, "headers": [*found.headers, length]})
    await send({"type": "http.response.body", "body": found.body})


def plain(status: HTTPStatus) -> Answer:
    """A status in words, for requests that no person reads."""
    return Answer(status, status.phrase.encode(), ((b"content-type", b"text/plain; charset=utf-8"),))


def redirect(path: str, *more: tuple[bytes, bytes]) -> Answer:
    """Go there with GET."""
    return Answer(HTTPStatus.SEE_OTHER, b"", ((b"location", path.encode()), *more))


def denied(principal: Principal, page: str, home: str) -> Answer:
    """Another role's page: whose it is not, and where to go."""
    text = (
        f"You are signed in as {principal.name} ({principal.role}). The page “{page}” belongs to another role. "
        "If you need it for your work, ask an administrator for an account with that role."
    )
    return _notice(HTTPStatus.FORBIDDEN, "This page is not part of your role", text, (home, "Go to my page"))


def missing(principal: Principal | None) -> Answer:
    """No such page."""
    link = ("/", "Go to my page") if principal else ("/login", "Sign in")
    return _notice(
        HTTPStatus.NOT_FOUND, "There is no such page", "The address may be mistyped or out of date.", link
    )


def login(
    personas: Sequence[Principal], *, next_path: str = "/", error: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Answer:
    """The sign-in page; with personas it offers each of them in one click."""
    rows = [
        f'<button class="persona" name="persona" value="{escape(p.login)}"><strong>{escape(p.name)}</strong> '
        f'<span class="role">{escape(p.role)}</span><span class="soft">{escape(_words(p))}</span></button>'
        for p in personas
    ]
    demo = _demo(rows, next_path) if personas else ""
    trouble = f'<p class="login-error" role="alert">{escape(error)}</p>' if error else ""
    body = Template(_file("login.html")).substitute(personas=demo, error=trouble, next=escape(next_path))
    return Answer(status, _page("Sign in", body))


def _demo(rows: Sequence[str], next_path: str) -> str:
    first, rest = "".join(rows[:SHOWN_AT_ONCE]), rows[SHOWN_AT_ONCE:]
    more = f'<details><summary>{len(rest)} more</summary><div class="personas">{"".join(rest)}</div></details>'
    return Template(_file("personas.html")).substitute(
        first=first, more=more if rest else "", next=escape(next_path)
    )


def _words(principal: Principal) -> str:
    teams = ""
    if principal.teams:
        teams = f" ({', '.join(sorted(principal.teams))})"
    return ROLE_WORDS.get(principal.role, "") + teams


def _notice(status: HTTPStatus, title: str, text: str, link: tuple[str, str]) -> Answer:
    body = Template(_file("notice.html")).substitute(
        code=int(status), title=escape(title), text=escape(text), href=escape(link[0]), label=escape(link[1])
    )
    return Answer(status, _page(title, body))


def _page(title: str, body: str) -> bytes:
    return Template(_file("page.html")).substitute(title=escape(title), body=body).encode()


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / "html" / name).read_text(encoding="utf-8")
