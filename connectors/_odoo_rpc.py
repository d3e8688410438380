"""Reading an Odoo over JSON-RPC: sign in, look for records, and know what its faults mean.

Only calls that read are offered. Odoo answers faults with HTTP 200 and an "error", and leaves "result" out
where the answer is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors._contract import Opening
from connectors._http import Http
from data.errors import FixSettings, FrontviewError, RetryLater

Row = Mapping[str, Any]
Domain = Sequence[Any]
# Lost leads and people who left are archived, and hidden unless asked for.
_CONTEXT = {"active_test": False}
_RIGHTS = "give the account Administration: Settings and Sales: Administrator, or read access of its own"


class Rpc:
    """One account on one database. `server_now` is the server's own clock when it last answered."""

    def __init__(self, opening: Opening) -> None:
        given = opening.settings
        self._database, self._login = str(given["database"]), str(given["login"])
        self._password = str(given["password"])
        self._http = Http(str(given["url"]), secrets=[self._password], now=opening.now)
        self._clock = opening.now
        self._uid = 0
        self._number = 0
        self.server_now = opening.now()

    def sign_in(self) -> None:
        """Find out who we are, once. FixSettings when name and password do not fit."""
        if self._uid:
            return
        uid = self._call("common", "authenticate", self._database, self._login, self._password, {})
        if not uid:
            raise _denied()
        self._uid = int(uid)

    def version(self) -> tuple[int, str]:
        """The server's release as a number to compare (0 where it says none) and as it calls itself."""
        told = self._call("common", "version") or {}
        first = (told.get("server_version_info") or [0])[0]
        # Hosted releases call themselves "saas~17".
        digits = "".join(c for c in str(first) if c.isdigit())
        return int(digits or 0), str(told.get("server_version", "unknown"))

    def records(self, model: str, domain: Domain, fields: Sequence[str], *, limit: int = 0) -> list[Row]:
        """Records by ascending id, archived ones too. A shorter list than `limit` need not be the last one: Odoo
        drops messages that the account must not see after it has counted."""
        options = {"fields": list(fields), "order": "id", "context": _CONTEXT, "limit": limit or None}
        return self._execute(model, "search_read", [list(domain)], options) or []

    def count(self, model: str, domain: Domain) -> int:
        """How many records there are, archived ones too."""
        return int(self._execute(model, "search_count", [list(domain)], {"context": _CONTEXT}) or 0)

    def fields(self, model: str) -> frozenset[str]:
        """The names of a model's fields; they differ between releases."""
        return frozenset(self._execute(model, "fields_get", [], {"attributes": ["type"]}) or {})

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _execute(self, model: str, method: str, arguments: list[Any], options: Mapping[str, Any]) -> Any:
        self.sign_in()
        return self._call("object", "execute_kw", self._database, self._uid, self._password, model, method,
                          arguments, options)

    def _call(self, service: str, method: str, *arguments: Any) -> Any:
        self._number += 1
        reply = self._http.post_reply("jsonrpc", {
            "jsonrpc": "2.0", "method": "call", "id": self._number,
            "params": {"service": service, "method": method, "args": arguments}})
        self.server_now = _date(reply.headers.get("Date")) or self._clock()
        if not isinstance(reply.body, Mapping):
            raise RetryLater("the server did not answer as JSON-RPC does; if it stays so, check that url is Odoo's")
        if fault := reply.body.get("error"):
            raise _meaning(fault, str(arguments[3]) if service == "object" else "")
        return reply.body.get("result")


def _denied() -> FixSettings:
    return FixSettings("Odoo does not accept login and password (or API key) for this database; correct them")


def _meaning(fault: Any, model: str) -> FrontviewError:
    """The family of errors that a fault belongs to. Its own text is not passed on: it can quote records."""
    data = fault.get("data") if isinstance(fault, Mapping) else None
    told = data if isinstance(data, Mapping) else {}
    name, text = str(told.get("name", "")).rpartition(".")[2], str(told.get("message", ""))
    if name == "AccessDenied":
        return _denied()
    if name == "AccessError":
        return FixSettings(f"the account may not read {model}; {_RIGHTS}")
    if "does not exist" in text and "database" in text:
        return FixSettings("there is no such database on the server; correct the setting `database`")
    if name in {"KeyError", "UserError"} and model:
        return FixSettings(f"the server knows no {model}; install the module it belongs to (CRM, Calendar)")
    if name in {"ValueError", "AttributeError"}:
        return FixSettings(f"the server cannot read {model} the way it was asked ({name}); check that its release "
                           "is one this connector reads")
    return RetryLater(f"the server failed while reading {model or 'its version'} ({name or 'no reason given'}); "
                      "it will be tried again")


def _date(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC) if value else None
    except ValueError:
        return None
