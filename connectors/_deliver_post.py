"""Letters as posts over HTTP: Slack's blocks, or signed events in the form that our own receiver takes.

Only the address in the settings is contacted: a redirect is refused, and the environment's proxies are not asked.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from connectors._deliver_mail import insecure, trusted
from connectors._http_wait import wait_seconds
from connectors.webhook import sign
from data.alert_settings import AlertSettings
from data.alerts import Letter, Line, identity
from data.errors import FixSettings, RetryLater
from data.event import moment

# Slack takes 3,000 characters in a section.
_SLACK_LINES: Final = 4
_SLACK_LONGEST: Final = 400
_SLACK_HEADER: Final = 150
# What stands in an event's own fields need not be repeated among its attributes.
_FIELDS: Final = {"team", "channel", "case", "what"}


@dataclass(frozen=True, slots=True)
class Post:
    """A body of JSON, and the headers that are its own."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def send(alert: AlertSettings, url: str, post: Post, seconds: float) -> None:
    """Post it; RetryLater or FixSettings when it is not taken. `seconds` is how long the server may be silent."""
    where = f"the receiver of [alerts.{alert.id}]"
    parts = urlsplit(url)
    host, path = parts.hostname or "", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=trusted(alert))
                  if parts.scheme == "https" else http.client.HTTPConnection(host, parts.port, timeout=seconds))
    try:
        connection.request("POST", path, post.body, {"Content-Type": "application/json", "User-Agent": "frontview",
                                                     **post.headers})
        answer = connection.getresponse()
        _judge(answer.status, dict(answer.getheaders()), where)
    except ssl.SSLError as error:
        raise insecure(where) from error
    except (http.client.InvalidURL, UnicodeError) as error:
        raise FixSettings(f"{where} has an address that HTTP does not allow; correct 'url'") from error
    except (http.client.HTTPException, OSError) as error:
        raise RetryLater(f"{where} cannot be reached, or gave no answer within {seconds:g} s "
                         f"({type(error).__name__}); it will be tried again") from error
    finally:
        connection.close()


def _judge(status: int, headers: Mapping[str, str], where: str) -> None:
    """Return for an answer that says yes, raise for any other."""
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise FixSettings(f"{where} sends us on to another address ({status}), where alerts do not follow; set "
                          "'url' to where it leads")
    if status >= 500 or status in {408, 425, 429}:
        # Only Retry-After is meant for us here; the moment at which an allowance begins anew is in every answer.
        asked = {name: value for name, value in headers.items() if name.lower() in {"retry-after", "date"}}
        raise RetryLater(f"{where} cannot take it now ({status}); it will be tried again",
                         after_seconds=wait_seconds(asked, datetime.now(UTC)))
    raise FixSettings(f"{where} refuses us ({status}); check 'url' and, for a webhook, the secret on both sides")


def slack(letter: Letter) -> Post:
    """The letter as blocks of Slack, with the plain text that its notifications show."""
    message = letter.message
    texts = [f"{_escaped(message.intro)} <{message.link}|Open the page>"]
    for start in range(0, len(message.lines), _SLACK_LINES):
        part = message.lines[start : start + _SLACK_LINES]
        texts.append("\n".join(f"• {_escaped(line.text[:_SLACK_LONGEST])} <{line.link}|evidence>" for line in part))
    title = {"type": "plain_text", "text": message.subject[:_SLACK_HEADER]}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": title}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts]
    return Post(json.dumps({"text": _escaped(message.subject), "blocks": blocks}).encode())


def signed(letter: Letter, secret: str, timestamp: int) -> Post:
    """The letter as events, one a line, signed as connectors/webhook.py says; a repetition has the same ids."""
    message = letter.message
    events = [_event(letter, line, number) for number, line in enumerate(message.lines, 1)] or [
        _event(letter, Line(message.intro, message.link, moment(letter.made_t).isoformat()), 1)]
    body = json.dumps({"events": events}, ensure_ascii=False).encode()
    return Post(body, {"X-Frontview-Timestamp": str(timestamp), "X-Frontview-Delivery": identity(letter),
                       "X-Frontview-Signature": sign(secret, timestamp, body)})


def _event(letter: Letter, line: Line, number: int) -> dict[str, Any]:
    message, facts = letter.message, line.facts
    return {
        "id": f"{identity(letter)}-{number}", "at": line.at, "activity": f"alert.{facts.get('what', 'note')}",
        "objects": [{"type": "case", "id": f"frontview/{facts.get('case', 0)}"}],
        "team": facts.get("team", ""), "channel": facts.get("channel", ""),
        "attrs": {**{key: value for key, value in facts.items() if key not in _FIELDS},
                  "link": line.link, "alert": message.subject, "alert_count": message.count},
    }


def _escaped(text: str) -> str:
    """Text that Slack takes for nothing else: no link, and no call of everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
