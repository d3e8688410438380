"""How the document of an evidence pack looks: fonts that travel with it, paragraphs, tables, page numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table, TableStyle
from reportlab.platypus.tableofcontents import TableOfContents

from data.event import moment

WIDTH: Final = A4[0] - 40 * mm
INK, SOFT, LINE, SHADE = HexColor("#1b1f24"), HexColor("#57606a"), HexColor("#c8cdd3"), HexColor("#f2f4f6")
ALARM: Final = HexColor("#a4161a")
_HERE: Final = Path(reportlab.__file__).parent / "fonts"
# With many more letters where the system has it; otherwise the ones that come with reportlab.
_WIDE: Final = Path("/usr/share/fonts/truetype/dejavu")
_FILES: Final = ((_WIDE, "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), (_HERE, "Vera.ttf", "VeraBd.ttf"))


@cache
def fonts() -> tuple[str, str]:
    """The names of the plain and the bold font, both embedded into what is written with them."""
    folder, plain, bold = next(found for found in _FILES if all((found[0] / name).exists() for name in found[1:]))
    # Named after their files: a name keeps the font that it was given first.
    body, strong = Path(plain).stem, Path(bold).stem
    for name, file in ((body, plain), (strong, bold)):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily(body, normal=body, bold=strong, italic=body, boldItalic=strong)
    return body, strong


@cache
def style(name: str) -> ParagraphStyle:
    """One of the few styles of a pack."""
    plain, bold = fonts()
    base: dict[str, Any] = {"fontName": plain, "fontSize": 9, "leading": 13, "textColor": INK, "splitLongWords": 1}
    told: dict[str, dict[str, Any]] = {
        "body": {"spaceAfter": 5},
        "lead": {"spaceAfter": 5, "keepWithNext": 1},
        "cell": {"fontSize": 7.5, "leading": 9.6},
        "head": {"fontName": bold, "fontSize": 7.5, "leading": 9.6, "textColor": SOFT},
        "code": {"fontSize": 7.2, "leading": 9.6},
        "soft": {"fontSize": 8, "leading": 11, "textColor": SOFT, "spaceAfter": 5},
        "title": {"fontName": bold, "fontSize": 20, "leading": 25, "spaceAfter": 2},
        "h1": {"fontName": bold, "fontSize": 13, "leading": 17, "spaceBefore": 14, "spaceAfter": 5, "keepWithNext": 1},
        "h2": {"fontName": bold, "fontSize": 10, "leading": 13, "spaceBefore": 11, "spaceAfter": 3, "keepWithNext": 1},
        "h3": {"fontName": bold, "fontSize": 8.5, "leading": 11, "spaceBefore": 6, "spaceAfter": 2, "keepWithNext": 1},
    }
    return ParagraphStyle(name, **(base | told[name]))


@cache
def _letters() -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(fonts()[0]).face.charToGlyph)


def text(words: object) -> str:
    """Words as a paragraph takes them; a sign that the font lacks is shown by its nearest, or as a box."""
    shown = "".join(one if ord(one) in _letters() or one in "\n\t" else _nearest(one) for one in str(words))
    return escape(shown)


def _nearest(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign)[:1]
    return plain if plain and ord(plain) in _letters() else "\u25a1" if 0x25A1 in _letters() else "?"


def para(words: object, name: str = "body") -> Paragraph:
    """A paragraph of plain words."""
    return Paragraph(text(words), style(name))


def code_lines(words: str) -> list[Paragraph]:
    """Text word for word, its indentation kept, each line in a paragraph of its own."""
    found = []
    for line in words.splitlines():
        bare = line.lstrip(" ")
        found.append(Paragraph(text(bare) or "&nbsp;", ParagraphStyle(
            "line", style("code"), leftIndent=4 * (len(line) - len(bare)) + 8, firstLineIndent=-8)))
    return found


def grid(head: Sequence[str], rows: Sequence[Sequence[object]], shares: Sequence[float]) -> Table:
    """A table over the whole width, its head on every page; `shares` are the widths of the columns."""
    cells = [[para(word, "head") for word in head], *([_cell(cell) for cell in row] for row in rows)]
    table = Table(cells, [WIDTH * share / sum(shares) for share in shares], repeatRows=1)
    table.setStyle(TableStyle([
        _embedded(), ("LINEBELOW", (0, 0), (-1, 0), 0.7, SOFT), ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8), ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5)]))
    return table


def facts(pairs: Sequence[tuple[str, object]]) -> Table:
    """Names and what they are, side by side; those without anything are left out."""
    rows = [[para(name, "head"), _cell(value)] for name, value in pairs if value not in ("", None)]
    table = Table(rows, [34 * mm, WIDTH - 34 * mm])
    table.setStyle(TableStyle([
        _embedded(), ("BACKGROUND", (0, 0), (0, -1), SHADE), ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE), ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8)]))
    return table


def contents() -> TableOfContents:
    """The list of chapters with their pages."""
    toc = TableOfContents(tableStyle=TableStyle([
        _embedded(), ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0)]))
    toc.levelStyles = [style("body")]
    toc.dotsMinLevel = 0
    return toc


def _embedded() -> tuple[Any, ...]:
    """Otherwise a table names a font that is not embedded, even if no letter is written with it."""
    return "FONTNAME", (0, 0), (-1, -1), fonts()[0]


def _cell(value: object) -> object:
    return value if isinstance(value, Paragraph) else para(value, "cell")


class Document(BaseDocTemplate):
    """A4 pages with a line at the foot; headings go into the contents and into the outline of the reader."""

    def __init__(self, file: Any, foot: str, title: str) -> None:
        super().__init__(file, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm,
                         bottomMargin=20 * mm, title=title, author="Frontview", subject=foot, lang="en")
        self.foot = foot
        frame = Frame(self.leftMargin, self.bottomMargin, self.width, self.height, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate("page", frame))

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802
        """Note where a heading came to stand."""
        level = {"h1": 0, "h2": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is None:
            return
        words, key = flowable.getPlainText(), f"{self.page}-{id(flowable)}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(words, key, level, closed=level == 0)
        if level == 0:
            self.notify("TOCEntry", (level, escape(words), self.page, key))


def numbered(foot: str) -> type[Canvas]:
    """A canvas that says on each page which one it is, of how many."""

    class Numbered(Canvas):
        """Keeps the pages until their number is known."""

        def __init__(self, *given: Any, **named: Any) -> None:
            # Otherwise every page names a font that is not embedded.
            super().__init__(*given, **{**named, "initialFontName": fonts()[0]})
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            """Keep the page for later."""
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write all pages, each with its number."""
            for page in self._kept:
                self.__dict__.update(page)
                self.setFont(fonts()[0], 7)
                self.setFillColor(SOFT)
                self.drawString(20 * mm, 11 * mm, foot)
                self.drawRightString(A4[0] - 20 * mm, 11 * mm, f"Page {self._pageNumber} of {len(self._kept)}")
                super().showPage()
            super().save()

    return Numbered


def clock(at_us: int | None) -> str:
    """A moment to the second, in UTC."""
    return f"{moment(at_us):%Y-%m-%d %H:%M:%S} UTC" if at_us is not None else ""


def short(at_us: int | None) -> str:
    """The same where a heading says that it is UTC."""
    return clock(at_us).removesuffix(" UTC")
