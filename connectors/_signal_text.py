"""What somebody newly wrote in a message: without markup, quoted text and signature, in one line of lower case.

Nothing here raises, and every step takes time in proportion to the length of the text, whatever stands in it.
"""

from __future__ import annotations

import html
import re
from typing import Final

LONGEST_TEXT: Final = 64 * 1024
_SIGNATURE_LINES: Final = 14
_PLAIN: Final = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u2032": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"',
    "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-",
    "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "",
})
_BREAK = re.compile(r"</?(?:br|p|div|tr|li|h[1-6]|td|table|ul|ol)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
# Mail programs wrap what they quote in one of these; what stands below was written by somebody else.
_QUOTED_HTML = re.compile(r"<blockquote\b|<[^<>]*\b(?:gmail_quote|divrplyfwdmsg|moz-cite-prefix|yahoo_quoted)\b")
_QUOTED_BELOW = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*(?:original message|forwarded message|original-nachricht|"
    r"ursprüngliche nachricht|weitergeleitete nachricht|reply separator)\b|_{20,}[ \t]*$|begin forwarded message:|"
    r"(?:from|von):[^\n]{1,200}\n[ \t]*(?:sent|date|to|gesendet|datum|an):)", re.IGNORECASE | re.MULTILINE)
_ATTRIBUTION = re.compile(
    r"^[ \t]*(?:on|am|>? ?le)\b[^\n]{5,200}(?:\n[^\n]{0,200})?\b(?:wrote|schrieb|a écrit)\b"
    r"[^\n]{0,120}:[ \t]*$",
    re.IGNORECASE | re.MULTILINE)
_CLOSING = re.compile(
    r"(?:kind|best|warm|many)? ?(?:regards|wishes)|sincerely(?: yours)?|yours (?:sincerely|truly|faithfully)|"
    r"cheers|best|(?:many )?thanks(?: again| in advance)?|thank you|"
    r"mit freundlichen grüßen|viele grüße|mfg|lg|gruß|grüße",
    re.IGNORECASE)


def new_words(text: str, *, markup: bool = False, sender: str = "") -> str:
    """The words that were written in this message, in lower case with single spaces and straight quotes.

    `markup`: the text is HTML. `sender` is the name that may stand under the message.
    """
    text = text[:LONGEST_TEXT]
    # Some programs send HTML and call it plain text.
    if markup or text[:200].lstrip()[:5].lower() in ("<html", "<!doc"):
        text = _without_markup(text)
    text = text.translate(_PLAIN).replace("\r\n", "\n").replace("\r", "\n")
    return " ".join(_without_signature(_without_quotes(text), sender).lower().split())


def _without_markup(text: str) -> str:
    for tag in ("script", "style", "head", "title"):
        text = _without(text, tag)
    if quoted := _QUOTED_HTML.search(text.lower()):
        text = text[:quoted.start()]
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))


def _without(text: str, tag: str) -> str:
    """The text without these elements. One that never ends takes the rest with it."""
    # Lower case may be longer than the text (Turkish has such letters); then places in it are none in the text.
    low = text.lower()
    if "<" + tag not in low or len(low) != len(text):
        return text
    kept, place = [], 0
    while (start := low.find("<" + tag, place)) >= 0:
        kept.append(text[place:start])
        end = low.find("</" + tag, start)
        close = low.find(">", end) if end >= 0 else -1
        if close < 0:
            return "".join(kept)
        place = close + 1
    return "".join(kept) + text[place:]


def _without_quotes(text: str) -> str:
    """What stands above a quoted message, and between quoted lines where somebody answered point by point."""
    if below := _QUOTED_BELOW.search(text):
        text = text[:below.start()]
    if "wrote" in text or "schrieb" in text or "écrit" in text:
        text = _ATTRIBUTION.sub("", text)
    if ">" not in text and "|" not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith((">", "|")))


def _without_signature(text: str, sender: str) -> str:
    """The text up to the first line near its end that is dashes, a closing, or the sender's own name alone."""
    lines = text.rstrip().split("\n")
    first = max(1, len(lines) - _SIGNATURE_LINES)
    name = sender.strip().lower()
    own = {name, name.partition(" ")[0]} - {""}
    for number in range(first, len(lines)):
        line = lines[number].strip()
        bare = line.rstrip(",.!").lower()
        if line in ("--", "—", "---") or bare in own or _CLOSING.fullmatch(bare):
            return "\n".join(lines[:number])
    return "\n".join(lines)
