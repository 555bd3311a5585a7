"""Do exported figures have their width, their font, their stamp, and the same bytes each time?"""

import re
import struct
import subprocess
import sys
import zlib
from xml.etree import ElementTree

import pytest

from livingmeta.analysis import analyse
from livingmeta.export import figures
from livingmeta.export.figures import DOTS_PER_INCH, WIDTHS_MM, FigureError
from livingmeta.export.pdf_file import PdfError, ordered
from livingmeta.numbers import record_hash, signed, stamp
from livingmeta.paths import ROOT
from livingmeta.releases import Identity, Release
from livingmeta.results import question_record
from livingmeta.snapshots import Snapshot, plain
from made_up import QUESTION, studies, trials_by_size

ROWS = trials_by_size(0.7, 0.7)[:5]
MADE = """
import hashlib, sys
sys.path[:0] = {path!r}
from unit.test_export_figures import made_up
from livingmeta.export import figures
for form in (figures.svg, figures.pdf, figures.png):
    for name, raw in sorted(form(made_up()).items()):
        print(name, hashlib.sha256(raw).hexdigest())
"""


def made_up(release=None, record=None):
    """Return a snapshot of one made-up question."""
    identity = Identity("2026.11.0", "abc", "2026-11-22") if release else Identity()
    found = Snapshot("now", ROOT / "data", identity, release)
    analysis = analyse(QUESTION, studies(ROWS))
    known = record or plain(question_record(analysis))
    records = {"made-up": signed(known, identity.version)}
    found.__dict__.update(analyses={"made-up": analysis}, records=records)
    if release:
        release.__dict__["records"] = records
    return found


@pytest.fixture(scope="module")
def snapshot():
    return made_up()


def chunks(raw):
    at, found = 8, []
    while at < len(raw):
        length, kind = struct.unpack_from(">I4s", raw, at)
        body = raw[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", raw, at + 8 + length)[0] == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


def test_every_width_of_every_chart_has_a_name(snapshot):
    assert sorted(figures.svg(snapshot)) == ["made-up.forest.narrow.svg", "made-up.forest.wide.svg"]
    assert sorted(figures.png(snapshot)) == [
        f"made-up.forest.{kind}.{dpi}dpi.png" for kind in sorted(WIDTHS_MM) for dpi in DOTS_PER_INCH
    ]


@pytest.mark.parametrize("kind", WIDTHS_MM)
def test_svg_has_its_width_its_letters_and_its_stamp(snapshot, kind):
    text = figures.svg(snapshot)[f"made-up.forest.{kind}.svg"].decode()
    root = ElementTree.fromstring(text)
    width, height = (float(root.get(side).removesuffix("mm")) for side in ("width", "height"))
    _, _, wide, tall = map(float, root.get("viewBox").split())
    assert width == WIDTHS_MM[kind]
    assert height / width == pytest.approx(tall / wide, rel=0.001)
    assert stamp(snapshot.records["made-up"]) in text
    families = set(re.findall(r'font-family="([^"]*)"', text))
    assert families == {figures.STACK}
    assert ("font-weight:bold" in text) == ('font-weight="bold"' in text)
    assert text.count("@font-face") >= 1 and "var(--" not in text and "currentColor" not in text


@pytest.mark.parametrize("kind", WIDTHS_MM)
@pytest.mark.parametrize("dpi", DOTS_PER_INCH)
def test_png_has_its_width_on_paper_and_its_stamp(snapshot, kind, dpi):
    found = chunks(figures.png(snapshot)[f"made-up.forest.{kind}.{dpi}dpi.png"])
    parts = dict(found)
    wide, _tall = struct.unpack_from(">II", parts[b"IHDR"])
    per_metre, _, unit = struct.unpack(">IIB", parts[b"pHYs"])
    assert unit == 1 and per_metre * 0.0254 == pytest.approx(dpi, rel=0.001)
    assert wide / per_metre * 1000 == pytest.approx(WIDTHS_MM[kind], rel=0.01)
    words = b" ".join(body for name, body in found if name == b"tEXt")
    assert stamp(snapshot.records["made-up"]).encode() in words and b"unreleased" in words
    assert b"tIME" not in parts


@pytest.mark.parametrize("kind", WIDTHS_MM)
def test_pdf_has_its_width_its_font_and_its_stamp(snapshot, kind):
    raw = figures.pdf(snapshot)[f"made-up.forest.{kind}.pdf"]
    box = re.search(rb"/MediaBox \[([^\]]+)\]", raw)[1].split()
    assert float(box[2]) / 72 * 25.4 == pytest.approx(WIDTHS_MM[kind], rel=0.01)
    assert set(re.findall(rb"/FontName /\w+\+(\w+)", raw)) == {b"LivingFigureSans"}
    assert b"/FontFile2" in raw
    subject = bytes.fromhex(re.search(rb"/Subject <([0-9a-f]+)>", raw)[1].decode()).decode("utf-16")
    assert stamp(snapshot.records["made-up"]) in subject
    assert b"/CreationDate" not in raw and b"/ID" not in raw


def test_offsets_of_a_pdf_are_right(snapshot):
    for raw in figures.pdf(snapshot).values():
        table = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", raw)[1])
        assert raw.startswith(b"xref\n0 ", table)
        offsets = [int(line[:10]) for line in raw[table:].splitlines() if line.endswith(b" n ")]
        assert len(offsets) == len(re.findall(rb"\d+ 0 obj\n", raw))
        for number, offset in enumerate(offsets, 1):
            assert raw.startswith(f"{number} 0 obj\n".encode(), offset)


def pdf_of(objects, root):
    """Return a PDF with these objects, written in this order."""
    raw, offsets = b"%PDF-1.7\n", {}
    for number, body in objects:
        offsets[number] = len(raw)
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    lines = b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(offsets) + 1, lines)
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(offsets) + 1, root)
    return raw + table + trailer + b"startxref\n%d\n%%%%EOF" % len(raw)


def test_the_order_of_chance_of_the_drawing_engine_is_gone():
    one = pdf_of(
        [
            (1, b"<< /Type /Catalog /A 2 0 R /B [3 0 R (x\\)y)] >>"),
            (2, b"<< /Q 1 /P 2 >>"),
            (3, b"<< /C 3 >>"),
        ],
        1,
    )
    other = pdf_of(
        [(3, b"<< /B [1 0 R (x\\)y)] /A 2 0 R /Type /Catalog >>"), (1, b"<</C 3>>"), (2, b"<< /P 2 /Q 1 >>")],
        3,
    )
    assert one != other
    assert ordered(one, {"Title": "τ"}) == ordered(other, {"Title": "τ"})
    assert ordered(one, {"Title": "τ"}) != ordered(one, {"Title": "t"})


def test_a_stream_is_kept_byte_by_byte():
    stream = bytes(range(256))
    body = b"<< /Length 256 >>\nstream\n" + stream + b"\nendstream"
    raw = pdf_of([(1, b"<< /Type /Catalog /S 2 0 R >>"), (2, body)], 1)
    assert b"\nstream\n" + stream + b"\nendstream" in ordered(raw, {})


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7\n", b"%PDF-1.7\nstartxref\n3\n%%EOF"])
def test_another_kind_of_pdf_is_refused(raw):
    with pytest.raises(PdfError):
        ordered(raw, {})


def test_processes_of_their_own_give_the_same_bytes():
    code = MADE.format(path=[str(ROOT / "tests"), str(ROOT / "pipelines")])
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1] and runs[0].count("\n") == 2 + 2 + 2 * len(DOTS_PER_INCH)


def release():
    return Release(ROOT, "2026.11.0", "curation", "made up", "2026-11-22", "abc", None, "3.11")


def test_a_release_that_software_of_today_reproduces_is_drawn():
    text = figures.svg(made_up(release()))["made-up.forest.wide.svg"].decode()
    assert "version 2026.11.0" in text and "[2026.11.0/made-up/" in text


def test_a_release_with_other_numbers_is_refused_and_the_tag_is_named():
    known = plain(question_record(analyse(QUESTION, studies(ROWS))))
    moved = {**known, "estimate": known["estimate"] + 0.01}
    assert record_hash(moved) != record_hash(known)
    with pytest.raises(FigureError, match=r"made-up.*v2026\.11\.0"):
        figures.svg(made_up(release(), moved))


def test_the_font_names_its_licence_and_not_the_reserved_name():
    for name in figures.FACES.values():
        raw = (figures.FONTS / name).read_bytes()
        assert figures.FAMILY.encode("utf-16-be") in raw
        assert "SIL Open Font License".encode("utf-16-be") in raw
    licence = (figures.FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in licence and "Reserved Font Name Liberation" in licence
