"""Letters as mail: plain text over SMTP, encrypted from the start or by STARTTLS."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from data.alert_settings import AlertSettings
from data.alerts import Letter, identity
from data.errors import FixSettings, FrontviewError, RetryLater
from data.event import moment


def send(alert: AlertSettings, password: str, letter: Letter, seconds: float) -> str:
    """Send it to all recipients; "" or how many of them were refused. RetryLater or FixSettings when nobody got it.

    `seconds` is how long the server may be silent.
    """
    where = f"the mail server of [alerts.{alert.id}]"
    try:
        refused = _sent(alert, password, letter, seconds)
    except ssl.SSLError as error:
        raise insecure(where) from error
    except smtplib.SMTPNotSupportedError as error:
        raise FixSettings(f"{where} offers no STARTTLS, or no way to log in; set port = 465, name another server, "
                          "or leave out 'user'") from error
    except smtplib.SMTPRecipientsRefused as error:
        # One that is refused only for now is worth another try.
        lowest = min(code for code, _ in error.recipients.values())
        raise _refusal(lowest, f"{where} refuses every recipient", "recipients") from error
    except smtplib.SMTPAuthenticationError as error:
        raise _refusal(error.smtp_code, f"{where} refuses our login", "user and password") from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, f"{where} refuses the message", "from, recipients and user") from error
    except (smtplib.SMTPException, OSError) as error:
        raise RetryLater(f"{where} cannot be reached or broke off ({type(error).__name__}); it will be tried "
                         "again") from error
    return f"{refused} of {len(alert.recipients)} recipients were refused" if refused else ""


def _sent(alert: AlertSettings, password: str, letter: Letter, seconds: float) -> int:
    """Send it, and how many recipients the server refused."""
    trust = trusted(alert)
    # Left to itself smtplib would introduce us by this machine's name, which is nobody's business.
    me = domain(alert)
    with (smtplib.SMTP_SSL(alert.host, alert.port, me, timeout=seconds, context=trust) if alert.at_once
          else smtplib.SMTP(alert.host, alert.port, me, timeout=seconds)) as server:
        if alert.starttls and not alert.at_once:
            server.starttls(context=trust)
        if alert.user:
            _log_in(server, alert, password)
        return len(server.send_message(mail(alert, letter)))


def _log_in(server: smtplib.SMTP, alert: AlertSettings, password: str) -> None:
    try:
        server.login(alert.user, password)
    except smtplib.SMTPServerDisconnected as error:
        # Some servers hang up on a wrong password. Trying that again soon would lock the account.
        raise FixSettings(f"the mail server of [alerts.{alert.id}] hangs up at our login; check user and "
                          "password") from error


def mail(alert: AlertSettings, letter: Letter) -> EmailMessage:
    """The letter as a mail of plain text; the same letter has the same Message-ID, so a repetition is known."""
    found, message = EmailMessage(policy=SMTP), letter.message
    found["From"] = alert.sender
    found["To"] = ", ".join(alert.recipients)
    found["Subject"] = message.subject
    found["Date"] = format_datetime(moment(letter.made_t))
    found["Message-ID"] = f"<{identity(letter)}@{domain(alert)}>"
    # Answering machines and ticket systems leave such mail alone (RFC 3834).
    found["Auto-Submitted"] = "auto-generated"
    lines = [f"{line.text}\n{line.link}\n" for line in message.lines]
    found.set_content("\n".join([message.intro, "", *lines, f"All of it: {message.link}", ""]))
    return found


def domain(alert: AlertSettings) -> str:
    """What follows the @ of the sender."""
    return alert.sender.rpartition("@")[2]


def trusted(alert: AlertSettings) -> ssl.SSLContext:
    """Whose certificates are believed: the machine's, or those in the file that `ca` names."""
    try:
        return ssl.create_default_context(cafile=alert.ca or None)
    except OSError as error:
        raise FixSettings(f"[alerts.{alert.id}]: 'ca' names {alert.ca}, which holds no certificate that can be "
                          "read; give a file in PEM form") from error


def insecure(where: str) -> FixSettings:
    """The error of a connection that cannot be trusted."""
    return FixSettings(f"{where} gives no secure connection: its certificate is not trusted, or it does not speak "
                       "TLS; have it mended, or name its certificate with 'ca'")


def _refusal(code: int, what: str, keys: str) -> FrontviewError:
    """A refusal of a mail server: one that begins with 4 is for now, any other for good."""
    if 400 <= code < 500:
        return RetryLater(f"{what} for now ({code}); it will be tried again")
    return FixSettings(f"{what} ({code}); check {keys} of this alert")
