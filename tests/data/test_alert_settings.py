"""An administrator says where alerts go: what is right is taken as meant, what is wrong is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.alert_settings import AlertSettings
from data.errors import FixSettings
from data.scope import Role, Scope
from data.settings import load

MAIL = {"to": "mail", "role": "officer", "host": "mail.firm.example", "from": "frontview@firm.example",
        "recipients": ["desk@firm.example"]}
HOOK = {"to": "webhook", "role": "manager", "teams": ["North"], "url": "https://hooks.firm.example/a",
        "secret_env": "HOOK_SECRET"}
SLACK = {"to": "slack", "role": "manager", "teams": ["*"], "url": "env:SLACK_URL"}


def toml(keys: dict[str, object]) -> str:
    """The keys as a TOML table [alerts.desk]."""
    def written(value: object) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    return "[alerts.desk]\n" + "\n".join(f"{key} = {written(value)}" for key, value in keys.items())


def read(folder: Path, keys: dict[str, object], environ: dict[str, str] | None = None) -> AlertSettings:
    file = folder / "frontview.toml"
    file.write_text(toml(keys), encoding="utf-8")
    return load(file, environ or {}).alerts["desk"]


def test_everything_written_is_taken_over(tmp_path: Path) -> None:
    found = read(tmp_path, {**MAIL, "port": 2525, "user": "u", "password_env": "P", "rules": ["COR-01"],
                            "severities": ["high"], "channels": ["email"], "teams": ["North"], "what": ["due"],
                            "every_minutes": 2, "at_most_per_hour": 3, "ca": "own.pem"})
    assert (found.id, found.to, found.sender, found.recipients) == (
        "desk", "mail", "frontview@firm.example", ("desk@firm.example",))
    assert (found.rules, found.severities) == (("COR-01",), ("high",))
    assert (found.channels, found.what, found.teams) == (("email",), ("due",), ("North",))
    assert (found.every_minutes, found.at_most_per_hour, found.port, found.starttls) == (2, 3, 2525, True)
    assert found.ca == str(tmp_path / "own.pem")
    assert found.password({"P": "geheim"}) == "geheim"


def test_what_it_may_tell_is_a_scope_of_its_own(tmp_path: Path) -> None:
    assert read(tmp_path, {**MAIL, "teams": ["North"]}).scope == Scope(Role.OFFICER, teams=None)
    assert read(tmp_path, HOOK).scope == Scope(Role.MANAGER, teams=frozenset({"North"}))
    assert read(tmp_path, SLACK).scope == Scope(Role.MANAGER, teams=None)


@pytest.mark.parametrize(("keys", "said"), [
    ({**MAIL, "role": None}, "'role' is missing; choose one of officer, manager"),
    ({**MAIL, "role": "system"}, "'role' is 'system'"),
    ({**MAIL, "role": "rep"}, "'role' is 'rep'"),
    ({**HOOK, "teams": None}, "'teams' is missing; name the teams"),
    ({**HOOK, "teams": []}, "'teams' is missing; name the teams"),
    ({**MAIL, "teams": ["*"]}, "leave 'teams' out"),
    ({**MAIL, "to": None}, "'to' is missing; choose one of mail, slack, webhook"),
    ({**MAIL, "to": "mial"}, "did you mean 'mail'?"),
    ({**MAIL, "severities": ["hihg"]}, "did you mean 'high'?"),
    ({**MAIL, "what": ["breaches"]}, "did you mean 'breach'?"),
    ({**MAIL, "what": []}, "nothing would be told"),
    ({**MAIL, "every_minutes": 0}, "every_minutes is 0"),
    ({**MAIL, "at_most_per_hour": 0}, "at_most_per_hour is 0"),
    ({**MAIL, "recipient": ["a@b.example"]}, "did you mean 'recipients'?"),
    ({**MAIL, "url": "https://a.example"}, "there is no setting 'url'"),
    ({**MAIL, "sender": "a@b.example"}, "there is no setting 'sender'"),
    ({**MAIL, "id": "x"}, "there is no setting 'id'"),
    ({**MAIL, "host": None}, "'host' is missing"),
    ({**MAIL, "from": None}, "'from' is missing"),
    ({**MAIL, "from": ["a@b.example"]}, "'from' is ['a@b.example']"),
    ({**MAIL, "recipients": []}, "'recipients' is missing"),
    ({**MAIL, "recipients": ["Ada <a@b.example>"]}, "no mail address"),
    ({**MAIL, "recipients": ["a@b.example\\r\\nBcc: c@d.example"]}, "no mail address"),
    ({**MAIL, "port": 0}, "port is 0"),
    ({**MAIL, "user": "u"}, "give both 'user' and 'password_env'"),
    ({**MAIL, "starttls": False}, "unencrypted"),
    ({**HOOK, "url": None}, "'url' is missing"),
    ({**HOOK, "url": "http://hooks.firm.example/a"}, "begins with https"),
    ({**HOOK, "url": "http://127.0.0.1.firm.example/a"}, "begins with https"),
    ({**HOOK, "url": "ftp://127.0.0.1/a"}, "is no address"),
    ({**HOOK, "url": "https://a:b@firm.example/a"}, "is no address"),
    ({**HOOK, "url": "https://firm.example:0/a"}, "is no address"),
    ({**HOOK, "url": "https://firm.example/a b"}, "is no address"),
    ({**HOOK, "url": "https://firm.example:port/"}, "is no address"),
    ({**HOOK, "secret_env": None}, "'secret_env' is missing"),
    ({**SLACK, "secret_env": "X"}, "there is no setting 'secret_env'"),
])
def test_what_cannot_be_meant_is_refused_with_a_remedy(tmp_path: Path, keys: dict[str, object], said: str) -> None:
    with pytest.raises(FixSettings) as refused:
        read(tmp_path, {key: value for key, value in keys.items() if value is not None})
    assert said in str(refused.value) and "alerts.desk" in str(refused.value)


def test_only_the_own_machine_may_be_told_without_encryption(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:8080/a", "http://[::1]/a", "http://localhost/a"):
        assert read(tmp_path, {**HOOK, "url": url}).address({}) == url
    assert read(tmp_path, {**MAIL, "host": "127.0.0.1", "starttls": False}).starttls is False
    assert read(tmp_path, {**MAIL, "port": 465, "starttls": False}).at_once


def test_secrets_come_from_the_environment_and_stay_out_of_errors(tmp_path: Path) -> None:
    slack = read(tmp_path, SLACK)
    assert slack.address({"SLACK_URL": "https://hooks.slack.example/T/B/x"}) == "https://hooks.slack.example/T/B/x"
    with pytest.raises(FixSettings, match="the environment has no SLACK_URL"):
        slack.address({})
    with pytest.raises(FixSettings) as refused:
        slack.address({"SLACK_URL": "http://hooks.slack.example/T/B/geheim"})
    assert "geheim" not in str(refused.value)
    hook = read(tmp_path, HOOK)
    with pytest.raises(FixSettings, match="has 7 characters") as short:
        hook.secret({"HOOK_SECRET": "geheim!"})
    assert "geheim" not in str(short.value)


def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "frontview.toml"
    file.write_text(toml(MAIL).replace("alerts.desk", 'alerts."De sk"'), encoding="utf-8")
    with pytest.raises(FixSettings, match="cannot name an alert"):
        load(file, {})
