"""`[nudges]` and `[embed]` in a settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import FixSettings
from data.settings import load

MAIL = """
[alerts.desk]
to = "mail"
role = "officer"
host = "smtp.firm.example"
from = "frontview@firm.example"
recipients = ["desk@firm.example"]
"""
GOOD = MAIL + """
[nudges]
mail = "desk"
secret_env = "S"
[nudges.slack]
"Ben@firm.example" = "env:BEN"
[nudges.webhook]
"ana" = "https://hook.example/a"
[embed]
allow = ["https://crm.example", "http://127.0.0.1:9000"]
days = 2
"""


def read(folder: Path, text: str) -> object:
    file = folder / "frontview.toml"
    file.write_text(text, encoding="utf8")
    return load(file, {})


def test_ways_to_each_person(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    nudges, alerts = settings.nudges, settings.alerts  # type: ignore[attr-defined]
    assert nudges.ways("ben@firm.example") == ("mail", "slack") and nudges.ways("ana") == ("webhook",)
    assert nudges.ways("nobody") == () and nudges.ways("two@a.example,b@b.example") == ()
    mail = nudges.to("ben@firm.example", "mail", "me.7", alerts)
    assert (mail.id, mail.recipients, mail.host) == ("me.7", ("ben@firm.example",), "smtp.firm.example")
    assert nudges.to("BEN@firm.example", "slack", "me.7", alerts).url == "env:BEN"
    assert nudges.to("ana", "webhook", "me.8", alerts).secret_env == "S"
    assert nudges.to("ana", "mail", "me.8", alerts) is None
    assert settings.embed.allow == ("https://crm.example", "http://127.0.0.1:9000")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "said"), [
    ('[nudges]\nmail = "desk"', "no \\[alerts"), ('[nudges]\npigeon = "x"', "no setting 'pigeon'"),
    ('[nudges.slack]\nben = "http://hooks.example/x"', "not encrypted"), ('[nudges.slack]\nben = 3', "text in quotes"),
    ('[nudges.webhook]\nben = "https://hook.example/x"', "secret_env"),
    ('[embed]\nallow = ["*"]', "name sites"), ('[embed]\nallow = ["https://crm.example/path"]', "name sites"),
    ('[embed]\nallow = ["http://crm.example"]', "name sites"),
    ('[embed]\nallow = ["https://a.example; x"]', "name sites"),
    ('[embed]\ndays = 0', "90 days"), ('[embed]\nallow = "https://crm.example"', "list of texts"),
])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FixSettings, match=said):
        read(tmp_path, text)
