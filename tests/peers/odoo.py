"""A real Odoo 14 with its CRM, on this machine: a Debian tree of its own below the cache, fresh for each start.

`install()` needs root and some minutes once; `missing()` says whether that was done; `start()` gives a running
server with an untouched database. Each server lives in namespaces of its own and ends with its first process.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path("~/.cache/frontview-tests/odoo").expanduser()
ROOT = HERE / "root"
READY = HERE / "ready-1"
SERVERS = ROOT / "srv" / "frontview"
MODULES = "crm,mail,calendar"
DATABASE = "front"
LOGIN = PASSWORD = "admin"
PACKAGES = ["odoo-14", "postgresql"]


@dataclass
class Peer:
    """A running Odoo: where it is, how to sign in, and how to end or bring back the application server."""

    url: str
    db: str
    login: str
    password: str
    folder: str
    port: int
    database: subprocess.Popen[bytes]
    application: subprocess.Popen[bytes] | None = field(default=None)

    def kill(self) -> None:
        """End Odoo at once, as a crash would; the database stays."""
        if self.application is not None:
            _end(self.application)
        self.application = None

    def kill_database(self) -> None:
        """End PostgreSQL at once; there is no way back."""
        _end(self.database)

    def client(self, login: str = LOGIN, password: str = PASSWORD) -> Client:
        """Somebody who works with this Odoo."""
        return Client(self, login, password)

    def sql(self, statement: str) -> None:
        """Run a statement past Odoo, for states that its interface does not let anybody make."""
        _run("postgres", [*_psql(self.folder), "-c", statement])

    @contextlib.contextmanager
    def open_transaction(self, statement: str) -> Iterator[None]:
        """The statement is done and not committed before the end of the block."""
        session = subprocess.Popen(_inside("postgres", _psql(self.folder)), stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE, env=_environment())
        assert session.stdin is not None and session.stdout is not None
        try:
            session.stdin.write(f"BEGIN; {statement}; SELECT 'under way';\n")
            session.stdin.flush()
            while "under way" not in (line := session.stdout.readline()):
                assert line, "the transaction was refused"
            yield
        finally:
            session.communicate("COMMIT;\n", timeout=30)

    def revive(self) -> None:
        """Start Odoo again on the same port and database."""
        self.application = _odoo(self.folder, f"--http-port={self.port}", "--http-interface=127.0.0.1")
        _until_it_answers(self)


@dataclass(frozen=True)
class Client:
    """A person's calls, over the interface that programs use."""

    peer: Peer
    login: str
    password: str

    def __call__(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a model's method."""
        uid = self._rpc("common", "authenticate", self.peer.db, self.login, self.password, {})
        return self._rpc("object", "execute_kw", self.peer.db, uid, self.password, model, method, list(arguments),
                         options)

    def _rpc(self, service: str, method: str, *arguments: Any) -> Any:
        body = {"jsonrpc": "2.0", "method": "call", "id": 1,
                "params": {"service": service, "method": method, "args": arguments}}
        request = urllib.request.Request(f"{self.peer.url}/jsonrpc", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            told = json.load(answer)
        if "error" in told:
            raise RuntimeError(told["error"]["data"]["debug"][-1500:])
        return told.get("result")


def missing() -> str:
    """What has to be done before `start()` works; empty when nothing."""
    if os.geteuid() != 0:
        return "the Odoo peer runs in a chroot and needs root"
    if not READY.exists():
        return "install it as root, in some minutes: python -c 'from tests.peers import odoo; odoo.install()'"
    return ""


def install() -> None:
    """Debian 11 with Odoo 14 and PostgreSQL below the cache, and a database to copy; does only what is missing."""
    if os.geteuid() != 0:
        raise PermissionError("installing the Odoo peer needs root")
    if READY.exists():
        return
    HERE.mkdir(parents=True, exist_ok=True)
    if shutil.which("debootstrap") is None:
        _apt(["apt-get", "update"])
        _apt(["apt-get", "install", "-y", "debootstrap"])
    if not (ROOT / "debootstrapped").exists():
        # A tree that was interrupted half-way cannot be resumed, only made again.
        shutil.rmtree(ROOT, ignore_errors=True)
        mirror = debian_mirror()
        _apt(["debootstrap", "--variant=minbase", "bullseye", str(ROOT), *([mirror] if mirror else [])])
        (ROOT / "debootstrapped").touch()
    # No service is started by the packages' own scripts: the tree only lends us the programs.
    policy = ROOT / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES], ["clean"]):
        _apt(_inside("root", ["apt-get", *command]))
    _make_pristine()
    READY.touch()


@contextlib.contextmanager
def start() -> Iterator[Peer]:
    """A fresh Odoo on a free loopback port; everything it started and stored is gone afterwards."""
    if reason := missing():
        raise RuntimeError(reason)
    # A run that was killed takes its processes along, but leaves its copy.
    for left in SERVERS.glob("run-*"):
        if not Path(f"/proc/{left.name.split('-')[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = f"run-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    subprocess.run(["cp", "-a", "--reflink=auto", SERVERS / "pristine", SERVERS / folder], check=True)
    database = _postgres(folder)
    port = _free_port()
    peer = Peer(f"http://127.0.0.1:{port}", DATABASE, LOGIN, PASSWORD, folder, port, database)
    try:
        peer.revive()
        yield peer
    finally:
        peer.kill()
        _end(database)
        shutil.rmtree(SERVERS / folder, ignore_errors=True)


def debian_mirror() -> str:
    """The mirror this machine takes Debian from, read from its apt sources; "" when they name none."""
    folder = Path("/etc/apt")
    lines = [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]
    for path in filter(Path.is_file, lines):
        found = re.search(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+[a-z]+\s+(?:\S+\s+)*?main\b", path.read_text(), re.M)
        if found:
            return found[1]
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in path.read_text().split("\n\n"):
            fields = dict(re.findall(r"^(\w+):[ \t]*(.*)$", stanza, re.M))
            plain = re.match(r"[a-z]+(?:\s|$)", fields.get("Suites", ""))
            if plain and "main" in fields.get("Components", "").split() and "debian" in fields.get("URIs", ""):
                return fields["URIs"].split()[0]
    return ""


def _make_pristine() -> None:
    """The database that each start copies: Odoo with the CRM, without demonstration data."""
    shutil.rmtree(SERVERS / "pristine", ignore_errors=True)
    for name, owner in (("pg", "postgres"), ("data", "odoo"), ("socket", "postgres")):
        (SERVERS / "pristine" / name).mkdir(parents=True)
        _run("root", ["chown", owner, f"/srv/frontview/pristine/{name}"])
    _run("postgres", ["sh", "-c", "exec /usr/lib/postgresql/*/bin/initdb -D /srv/frontview/pristine/pg -U odoo"
                                  " -A trust -E UTF8 --locale=C.UTF-8 --no-sync"])
    database = _postgres("pristine")
    try:
        application = _odoo("pristine", "-i", MODULES, "--without-demo=all", "--stop-after-init", "--no-http")
        if application.wait(timeout=900):
            raise RuntimeError(f"Odoo did not set up its database; see {_log('pristine', 'odoo')}")
    finally:
        # SIGINT is PostgreSQL's "fast" shutdown: the copied files then need no recovery.
        os.kill(_children(_children(database.pid)[0])[0], signal.SIGINT)
        database.wait(timeout=60)


def _postgres(folder: str) -> subprocess.Popen[bytes]:
    """PostgreSQL on a socket in its own folder: no port at all, and nobody but this tree can reach it."""
    where = f"/srv/frontview/{folder}"
    server = _spawn("postgres", folder, "postgres", (
        f"exec /usr/lib/postgresql/*/bin/postgres -D {where}/pg -c listen_addresses= -c fsync=off"
        f" -c unix_socket_directories={where}/socket -c dynamic_shared_memory_type=mmap"))
    waited_until = time.monotonic() + 60
    while not (SERVERS / folder / "socket" / ".s.PGSQL.5432").exists():
        _still_running(server, folder, "postgres", waited_until)
    return server


def _odoo(folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    where = f"/srv/frontview/{folder}"
    words = ["exec", "odoo", "-d", DATABASE, f"--db_host={where}/socket", "--db_user=odoo", "--no-database-list",
             f"--data-dir={where}/data", "--max-cron-threads=0", "--log-level=warn", *arguments]
    return _spawn("odoo", folder, "odoo", " ".join(words))


def _until_it_answers(peer: Peer) -> None:
    waited_until = time.monotonic() + 120
    while True:
        with (contextlib.suppress(urllib.error.URLError, OSError),
              urllib.request.urlopen(f"{peer.url}/web/login", timeout=60)):
            return
        if peer.application is not None:
            _still_running(peer.application, peer.folder, "odoo", waited_until)


def _still_running(server: subprocess.Popen[bytes], folder: str, name: str, waited_until: float) -> None:
    if server.poll() is not None or time.monotonic() > waited_until:
        _end(server)
        raise RuntimeError(f"{name} did not start; see {_log(folder, name)}")
    time.sleep(0.05)


def _inside(user: str, command: list[str]) -> list[str]:
    return ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", f"--mount-proc={ROOT / 'proc'}",
            "chroot", f"--userspec={user}", str(ROOT), *command]


def _spawn(user: str, folder: str, name: str, script: str) -> subprocess.Popen[bytes]:
    """A server whose whole process tree the kernel ends when the shell above it, or this program, ends."""
    # Changing the user clears the death signal, so a root shell stays as the first process of the namespace.
    command = ["setpriv", "--pdeathsig", "KILL", *_inside("root", [
        "/bin/sh", "-c", f"setpriv --reuid={user} --regid={user} --init-groups /bin/sh -c '{script}' & wait $!"])]
    with _log(folder, name).open("ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(),
                                start_new_session=True)


def _run(user: str, command: list[str]) -> None:
    subprocess.run(_inside(user, command), check=True, stdin=subprocess.DEVNULL, env=_environment(), timeout=600)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _psql(folder: str) -> list[str]:
    return ["psql", "-h", f"/srv/frontview/{folder}/socket", "-U", "odoo", "-d", DATABASE, "-v", "ON_ERROR_STOP=1",
            "-qAtX"]


def _apt(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=_environment(), timeout=1800)


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/tmp",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def _log(folder: str, name: str) -> Path:
    return SERVERS / folder / f"{name}.log"


def _end(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        server.send_signal(signal.SIGKILL)
    server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
