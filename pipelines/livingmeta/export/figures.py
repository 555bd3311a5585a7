"""Every chart of every question as SVG, PDF and PNG at stated widths, with the project's own font.

Charts are drawn from the frozen tables by today's code. For a release, today's record must
have the frozen record's hash; otherwise the figures would show other numbers than the release.
"""

import html
import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from livingmeta import AUTHOR, charts
from livingmeta.analysis import Analysis
from livingmeta.charts.theme import FONT
from livingmeta.export.pdf_file import ordered
from livingmeta.export.registry import Files
from livingmeta.numbers import record_hash, stamp
from livingmeta.paths import ROOT
from livingmeta.results import question_record
from livingmeta.snapshots import Snapshot, plain

WIDTHS_MM = {"wide": 180, "narrow": 85}  # two columns and one of a journal's page
DOTS_PER_INCH = (300, 600)
FONTS = ROOT / "pipelines" / "fonts"
FAMILY = "Living Figure Sans"
FACES = {"normal": "LivingFigureSans-Regular.ttf", "bold": "LivingFigureSans-Bold.ttf"}
STACK = f"'{FAMILY}', 'Liberation Sans', Arial, Helvetica, sans-serif"
MARGIN = 6  # units of the picture around it, so that no letter touches the edge
MM_PER_INCH = 25.4
POINTS_PER_MM = 72 / MM_PER_INCH
_MILLIMETRES = re.compile(r'="([\d.]+)mm"')


class FigureError(ValueError):
    """Figures that today's software would draw otherwise than the release they belong to."""


@dataclass(frozen=True)
class Figure:
    """One chart at one width, as SVG without its font.

    Parameters
    ----------
    name : str
        `<question>.<chart>.<wide or narrow>`.
    svg : str
        With its width in millimetres, on white.
    title : str
        What it shows, in words.
    about : str
        Release and stamp.
    width_mm : float
        Its width on paper.
    """

    name: str
    svg: str
    title: str
    about: str
    width_mm: float


def svg(snapshot: Snapshot) -> Files:
    """Return every chart as SVG, with the letters it needs inside."""
    return {f"{one.name}.svg": with_font(one).encode() for one in figures(snapshot)}


def pdf(snapshot: Snapshot) -> Files:
    """Return every chart as PDF, with the letters it uses inside."""
    convert = converter("svg_to_pdf")
    return {f"{one.name}.pdf": ordered(convert(in_points(one)), _words(one)) for one in figures(snapshot)}


def _words(one: Figure) -> dict[str, str]:
    return {"Title": one.title, "Author": AUTHOR, "Subject": one.about}


def png(snapshot: Snapshot) -> Files:
    """Return every chart as PNG, at every resolution."""
    convert = converter("svg_to_png")
    return {
        f"{one.name}.{dpi}dpi.png": png_with_words(convert(in_points(one), ppi=dpi), one, dpi)
        for one in figures(snapshot)
        for dpi in DOTS_PER_INCH
    }


def converter(name: str) -> Callable[..., bytes]:
    """Return a function of the drawing engine, which knows our font from then on."""
    import vl_convert  # it starts a JavaScript engine: only where something is drawn

    vl_convert.register_font_directory(str(FONTS))
    found: Callable[..., bytes] = getattr(vl_convert, name)
    return found


def in_points(one: Figure) -> str:
    """Return the SVG for the engine, which takes a unit of a picture for a point of paper."""
    return _MILLIMETRES.sub(lambda size: f'="{float(size[1]) * POINTS_PER_MM:.4f}"', one.svg, count=2)


@lru_cache(maxsize=1)
def figures(snapshot: Snapshot) -> tuple[Figure, ...]:
    """Return every chart that a question has, at every width; drawn once for all formats.

    Raises
    ------
    FigureError
        When the snapshot is a release and today's software finds other numbers in it.
    """
    check_same_numbers(snapshot)
    return tuple(
        one
        for analysis in snapshot.analyses.values()
        for name, chart in charts.CHARTS.items()
        if not (analysis.absent.get(name) or chart.absence(analysis))
        for one in _figures_of(name, analysis, snapshot)
    )


def check_same_numbers(snapshot: Snapshot) -> None:
    """Refuse a release whose records today's software does not reproduce.

    Raises
    ------
    FigureError
        It names the questions and the version whose software is to be used.
    """
    if snapshot.release is None:
        return
    moved = [name for name, analysis in snapshot.analyses.items() if not _same(name, analysis, snapshot)]
    if moved:
        raise FigureError(
            f"release {snapshot.version}: today's software finds other numbers than the release for "
            f"{', '.join(moved)}; check out the tag v{snapshot.version} and export from there"
        )


def _same(name: str, analysis: Analysis, snapshot: Snapshot) -> bool:
    frozen = snapshot.records.get(name)
    return frozen is not None and record_hash(plain(question_record(analysis))) == record_hash(frozen)


def _figures_of(name: str, analysis: Analysis, snapshot: Snapshot) -> Iterator[Figure]:
    question = analysis.question
    record = snapshot.records[question.id]
    title = f"{charts.CHARTS[name].title}: {question.title}"
    about = f"{AUTHOR}, version {snapshot.version}. {stamp(record, release=snapshot.version)}"
    for kind, width in WIDTHS_MM.items():
        drawn = charts.render_svg(charts.chart_spec(name, analysis, narrow=kind == "narrow"))
        yield Figure(f"{question.id}.{name}.{kind}", on_paper(drawn, width, about), title, about, width)


def on_paper(drawn: str, width_mm: float, about: str) -> str:
    """Return a drawn chart with its width on paper, a white ground, our font and what it is.

    Parameters
    ----------
    drawn : str
        SVG as it stands in a page.
    width_mm : float
        Width on paper; the height follows.
    about : str
        Release and stamp.
    """
    alone = charts.standalone_svg(drawn)
    for family in (FONT, html.escape(FONT)):
        alone = alone.replace(f'"{family}"', f'"{STACK}"')
    opening = re.match(r"<svg[^>]*>", alone)
    assert opening is not None
    size = re.findall(r'\b(?:width|height)="([\d.]+)"', opening[0])[:2]
    wide, high = (float(part) + 2 * MARGIN for part in size)
    paper = f'width="{width_mm}mm" height="{width_mm * high / wide:.3f}mm"'
    start = re.sub(r'width="[\d.]+" height="[\d.]+"', paper, opening[0])
    start = re.sub(r'viewBox="[^"]*"', f'viewBox="-{MARGIN} -{MARGIN} {wide:g} {high:g}"', start)
    ground = f'<rect x="-{MARGIN}" y="-{MARGIN}" width="{wide:g}" height="{high:g}" fill="#ffffff"/>'
    return f"{start}<metadata>{html.escape(about)}</metadata>{ground}{alone[opening.end() :]}"


def with_font(one: Figure) -> str:
    """Return an SVG that brings the faces it uses; the licence of the font allows it in a document."""
    used = [face for face in FACES if face == "normal" or f'font-weight="{face}"' in one.svg]
    faces = "".join(
        f"@font-face{{font-family:'{FAMILY}';font-weight:{face};src:url(data:font/ttf;base64,{_face(face)})}}"
        for face in used
    )
    return one.svg.replace("</metadata>", f"</metadata><style>{faces}</style>", 1) + "\n"


@cache
def _face(face: str) -> str:
    return b64encode((FONTS / FACES[face]).read_bytes()).decode("ascii")


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_with_words(drawn: bytes, one: Figure, dpi: int) -> bytes:
    """Return a PNG that says its resolution, what it shows, release and stamp.

    Raises
    ------
    FigureError
        When it is no PNG.
    """
    if not drawn.startswith(PNG_SIGNATURE):
        raise FigureError(f"{one.name}: the drawing engine returned no PNG")
    per_metre = round(dpi / MM_PER_INCH * 1000)
    said = [_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))]
    said += [_said(key, value) for key, value in _words(one).items()]
    header, *rest = [part for part in _chunks(drawn) if part[4:8] not in (b"pHYs", b"tIME", b"tEXt", b"iTXt")]
    return PNG_SIGNATURE + b"".join([header, *said, *rest])


def _said(key: str, value: str) -> bytes:
    """Return words as the chunk that every reader knows, or as the one for all alphabets."""
    try:
        return _chunk(b"tEXt", key.encode() + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + value.encode())


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(drawn: bytes) -> Iterator[bytes]:
    at = len(PNG_SIGNATURE)
    while at < len(drawn):
        end = at + 12 + struct.unpack_from(">I", drawn, at)[0]
        yield drawn[at:end]
        at = end
