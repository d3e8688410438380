"""A private Dovecot for tests: IMAP and LMTP on free loopback ports, mail in a temporary folder, own users."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "fluent-otter-7"
_PACKAGES = ("dovecot-imapd", "dovecot-lmtpd")
# Logins are "static": any user with the password; mail belongs to Dovecot's own unprivileged account.
_CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 1
mail_uid = dovecot
mail_gid = dovecot
mail_location = maildir:{root}/mail/%u
auth_mechanisms = plain login
auth_failure_delay = 0
mail_fsync = never
mail_max_userip_connections = 50
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={root}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = {ssl}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server: ports, the folder it lives in, and the certificate that vouches for it."""

    root: Path
    imap: int
    imaps: int
    lmtp: int
    process: subprocess.Popen[bytes]

    @property
    def certificate(self) -> Path:
        """The self-signed certificate for localhost."""
        return self.root / "cert.pem"

    def maildir(self, user: str) -> Path:
        """Where this user's mail lies."""
        return self.root / "mail" / user

    def deliver(self, mails: Sequence[bytes], *users: str) -> int:
        """Hand mails over by LMTP as a mail server would; how many were taken."""
        taken = 0
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            for mail in mails:
                taken += not client.sendmail("postmaster@peer.example", list(users), mail)
        return taken

    def admin(self, *words: str) -> str:
        """What doveadm answers."""
        done = subprocess.run(["doveadm", "-c", str(self.root / "dovecot.conf"), *words],
                              check=True, capture_output=True, text=True)
        return done.stdout

    def stop(self) -> None:
        """End the server and everything it started at once, as a power cut would. Safe to call twice."""
        # The group is that of the server: it was started as the first of its own session.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def missing() -> str:
    """Empty when Dovecot is here, else how to get it."""
    if os.geteuid() != 0:
        return "Dovecot changes users, so run the tests as root"
    found = shutil.which("dovecot") and Path("/usr/lib/dovecot/lmtp").exists() and shutil.which("openssl")
    return "" if found else f"apt-get install {' '.join(_PACKAGES)} openssl"


def install() -> None:
    """Get the Debian packages where they are not there yet; the system-wide service stays off."""
    if missing():
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *_PACKAGES, "openssl"], check=True,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"})


@contextmanager
def start(*, encrypted: bool = False) -> Iterator[Dovecot]:
    """A server of one's own until the block ends; with `encrypted` it also speaks TLS as "localhost"."""
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    # Dovecot's account must get through to the mail below.
    root.chmod(0o755)
    for folder in ("mail", "home", "run", "state"):
        (root / folder).mkdir()
        shutil.chown(root / folder, "dovecot", "dovecot")
    if encrypted:
        _certify(root)
    server = launch(root, encrypted=encrypted)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def launch(root: Path, *, encrypted: bool = False, ports: tuple[int, int, int] | None = None) -> Dovecot:
    """Start a server on a prepared folder, for instance again after it was stopped."""
    imap, imaps, lmtp = ports or _free_ports()
    lines = f"ssl_cert = <{root}/cert.pem\nssl_key = <{root}/key.pem" if encrypted else ""
    (root / "dovecot.conf").write_text(_CONFIG.format(
        root=root, imap=imap, imaps=imaps if encrypted else 0, lmtp=lmtp, password=PASSWORD, certificate=lines,
        ssl="yes" if encrypted else "no"))
    process = subprocess.Popen(["dovecot", "-F", "-c", str(root / "dovecot.conf")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    server = Dovecot(root, imap, imaps, lmtp, process)
    for port in (imap, lmtp):
        _await(port, server)
    return server


def _await(port: int, server: Dovecot) -> None:
    for _ in range(200):
        if server.process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    log = server.root / "log"
    server.stop()
    raise RuntimeError(f"Dovecot did not come up: {log.read_text() if log.exists() else 'no log'}")


def _free_ports() -> tuple[int, int, int]:
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    first, second, third = (int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return first, second, third


def _certify(root: Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", str(root / "key.pem"), "-out", str(root / "cert.pem")],
                   check=True, capture_output=True)
