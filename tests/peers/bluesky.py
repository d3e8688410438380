"""A real Bluesky network on this machine: directory, personal data server and app view (npm @atproto/dev-env).

The personal data server runs in a process of its own with its data in a temporary folder, so a test can kill it
and start it again; the app view, which serves notifications, keeps its index in a private PostgreSQL.
Everything listens on the loopback address only.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

PACKAGE = "@atproto/dev-env@0.3.209"
FOLDER = Path.home() / ".cache" / "frontview-tests" / "bluesky"
SCRIPTS = Path(__file__).parent / "bluesky"
RATE_WINDOW_SECONDS = 8
JWT_SECRET = b"jwt-secret"
PASSWORD = "a long test password"


def install() -> None:
    """Get what `missing` misses: the npm package into the user's cache, PostgreSQL from Debian."""
    if _postgres() is None:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "postgresql"], check=True)
    if _node_version() >= 20 and not (FOLDER / "node_modules" / "@atproto" / "dev-env").is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER), PACKAGE], check=True)


def missing() -> str:
    """What is not there to run the network, and how to get it; empty when all is."""
    how = "python tests/peers/install.py bluesky"
    if _node_version() < 20:
        return f"Node 20 or later with npm is not installed; get it from nodejs.org, then {how}"
    if not (FOLDER / "node_modules" / "@atproto" / "dev-env").is_dir():
        return f"npm {PACKAGE} is not installed; {how}"
    if _postgres() is None:
        return f"PostgreSQL is not installed; {how}"
    return ""


@dataclass
class Account:
    """Somebody on the network, who writes with their own client and not with ours."""

    url: str
    handle: str
    did: str
    token: str

    def call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """One procedure of the network; the answer's JSON."""
        answer = requests.post(f"{self.url}/xrpc/{method}", json=body, timeout=20,
                               headers={"Authorization": f"Bearer {self.token}"})
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def write(self, collection: str, record: dict[str, Any]) -> dict[str, str]:
        """A new record of ours: its uri and cid."""
        made = self.call("com.atproto.repo.createRecord", {
            "repo": self.did, "collection": collection,
            "record": {"$type": collection, "createdAt": _stamp(), **record},
        })
        return {"uri": made["uri"], "cid": made["cid"]}

    def post(self, text: str, **more: Any) -> dict[str, str]:
        """A post that the app view knows; `more` holds facets, langs, embed, reply, createdAt.

        The app view tells nobody of an answer to a post that it has not indexed yet, so this waits for it.
        """
        made = self.write("app.bsky.feed.post", {"text": text, **more})
        for _ in range(1200):
            answer = requests.get(f"{self.url}/xrpc/app.bsky.feed.getPosts", timeout=20,
                                  params={"uris": made["uri"]}, headers={"Authorization": f"Bearer {self.token}"})
            if answer.ok and answer.json()["posts"]:
                return made
            time.sleep(0.05)
        raise RuntimeError("the app view never indexed the post")

    def reply(self, parent: dict[str, str], root: dict[str, str], text: str) -> dict[str, str]:
        """An answer to somebody's post."""
        return self.post(text, reply={"parent": parent, "root": root})

    def delete(self, uri: str) -> None:
        """Take a record of ours back."""
        repo, collection, rkey = uri.removeprefix("at://").split("/")
        self.call("com.atproto.repo.deleteRecord", {"repo": repo, "collection": collection, "rkey": rkey})


@dataclass
class Network:
    """The running servers. `url` is what a connector is pointed at."""

    url: str
    port: int
    folder: Path
    services: dict[str, str]
    pds: subprocess.Popen[bytes] | None = None

    def start_pds(self) -> None:
        """Start the personal data server, with the data it had before."""
        given = {"port": self.port, "folder": str(self.folder), "plcUrl": self.services["plcUrl"],
                 "appUrl": self.services["appUrl"], "appDid": self.services["appDid"]}
        self.pds, _ = _node("pds", given, self.folder / "pds.log")

    def kill_pds(self) -> None:
        """End the personal data server without warning."""
        assert self.pds is not None
        self.pds.kill()
        _ended(self.pds)

    def expired(self, token: str) -> str:
        """The same access token as it will be when its two hours are over, signed by the test server's key."""
        head, claims, _ = token.split(".")
        aged = json.loads(base64.urlsafe_b64decode(claims + "=="))
        aged |= {"iat": aged["iat"] - 90_000, "exp": aged["iat"] - 80_000}
        signed = f"{head}.{_unpadded(json.dumps(aged).encode())}"
        return f"{signed}.{_unpadded(hmac.digest(JWT_SECRET, signed.encode(), 'sha256'))}"

    def join(self, name: str) -> Account:
        """A new account."""
        handle = f"{name}.test"
        answer = requests.post(f"{self.url}/xrpc/com.atproto.server.createAccount", timeout=20, json={
            "handle": handle, "email": f"{name}@example.com", "password": PASSWORD})
        answer.raise_for_status()
        made = answer.json()
        return Account(self.url, handle, made["did"], made["accessJwt"])


@contextlib.contextmanager
def start() -> Iterator[Network]:
    """A network with nobody on it, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="frontview-bluesky-") as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        place.chmod(0o755)
        postgres = stack.enter_context(_running_postgres(place / "postgres"))
        port = _free_port()
        process, ready = _node("services", {"pdsPort": port, "postgres": postgres, "schema": "appview"},
                               place / "services.log")
        stack.callback(_end, process)
        network = Network(f"http://localhost:{port}", port, place, ready)
        network.start_pds()
        stack.callback(lambda: network.pds and _end(network.pds))
        yield network


def _node(role: str, given: dict[str, Any], log: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """One of the two processes, once it has said that it is ready, and what it said."""
    env = {**os.environ, "NODE_PATH": str(FOLDER / "node_modules"), "NODE_ENV": "test", "LOG_ENABLED": "false",
           "RATE_WINDOW_SECONDS": str(RATE_WINDOW_SECONDS), "TMPDIR": str(log.parent)}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            ["node", "--dns-result-order=ipv4first", "-r", SCRIPTS / "pin.cjs", SCRIPTS / "network.cjs", role,
             json.dumps(given)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=env)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"ready "):
            return process, json.loads(line.removeprefix(b"ready "))
    _end(process)
    raise RuntimeError(f"the {role} process did not start: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def _running_postgres(folder: Path) -> Iterator[str]:
    """A private PostgreSQL with an empty database; its address. It refuses to run as root."""
    binaries = _postgres()
    assert binaries is not None, missing()
    user = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    folder.mkdir()
    os.chown(folder, user.pw_uid, user.pw_gid)
    as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid} if os.getuid() == 0 else {}
    data, port = folder / "data", _free_port()
    subprocess.run([binaries / "initdb", "-D", data, "-U", "frontview", "-A", "trust", "--no-sync"],
                   check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)
    # The shell ends it when our end of the pipe is closed, even if we are killed. "Quit" is the shutdown without
    # a checkpoint: nobody will read this database again.
    process = subprocess.Popen(
        ["sh", "-c", '"$@" </dev/null & cat >/dev/null; kill -QUIT $!; wait', "sh",
         binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1",
         "-c", "fsync=off", "-c", "shared_buffers=32MB"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **as_user)
    try:
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        for _ in range(1200):
            if subprocess.run(ready, check=False).returncode == 0:
                break
            time.sleep(0.05)
        yield f"postgres://frontview@127.0.0.1:{port}/postgres"
    finally:
        assert process.stdin is not None
        process.stdin.close()
        _ended(process)


def _node_version() -> int:
    """The major version of Node, 0 without it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return 0
    said = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout
    return int(said.strip().removeprefix("v").split(".")[0])


def _postgres() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for its end and let go of its pipes."""
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
