"""What is an export, and is anything of a damaged one lost?"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.intake import exports
from livingmeta.intake.record import ExportError, Reading

FOLDER = Path(__file__).resolve().parents[1] / "exports"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\x1f\x8b\x08\x00abc", "gzip"),
        (b"PK\x03\x04abc", "workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00", "not text"),
        (b"<!DOCTYPE html>\n<html><head><title>Session expired</title>", "Session expired"),
        (b"<html><body>Too many requests", "web page"),
        (b"<?xml version='1.0'?><eSearchResult><ERROR>Bad term</ERROR></eSearchResult>", "Bad term"),
        (b'{"records": []}', "JSON"),
        (b"Only some words\nand some more\n", "no known format"),
        (b"age,sex\n40,f\n", "age, sex"),
        (b"id,notes,date\n1,a,2020\n", "id, notes, date"),
    ],
)
def test_what_is_no_export_is_refused_with_what_it_is(data, said):
    with pytest.raises(ExportError) as refused:
        exports.read("export.ris", data)
    assert said in str(refused.value) and str(refused.value).startswith("export.ris: ")


def test_a_refusal_of_something_else_names_the_formats():
    with pytest.raises(ExportError, match=r"RIS \(\.ris\).*BibTeX"):
        exports.read("x", b"Only some words")


def test_a_table_with_unknown_columns_says_which_it_would_understand():
    with pytest.raises(ExportError, match=r"columns age, year; understood of these: year.*titles: title"):
        exports.read("x.csv", b"age,year\n1,2020\n")


@pytest.mark.parametrize(
    ("name", "data", "format_"),
    [
        ("x.csv", b"TY  - JOUR\nTI  - T\nER  -\n", "RIS"),
        ("x.ris", b"PMID- 1\nTI  - T\n", "PubMed nbib"),
        ("x.txt", b"@article{a, title={T}}", "BibTeX"),
        ("x.bib", b"Title,DOI\nT,10.1000/x\n", "CSV"),
        ("x", b"PT J\nTI T\nER\n", "Web of Science plain text"),
    ],
)
def test_the_content_decides_and_not_the_name(name, data, format_):
    reading = exports.read(name, data)
    assert reading.format == format_ and [record.title for record in reading.records] == ["T"]


def test_every_format_is_registered_under_the_name_that_its_readings_have():
    seen = {exports.read(path.name, path.read_bytes()).format for path in FOLDER.iterdir()}
    assert seen == set(exports.FORMATS)


def is_whole(reading: Reading) -> bool:
    """Return whether each part of a file is there once, as a record or as broken."""
    numbers = [*(record.number for record in reading.records), *(part.number for part in reading.broken)]
    return sorted(numbers) == list(range(1, len(numbers) + 1))


SCRAPS = st.sampled_from(
    [
        b"TY  - JOUR\n",
        b"ER  - \n",
        b"TI  - A\n",
        b"PMID- 1\n",
        b"PMID- \n",
        b"@article{a,\n",
        b"title = {A}",
        b"}",
        b"{",
        b'"',
        b"<PubmedArticle>",
        b"</PubmedArticle>",
        b"<PMID>1</PMID>",
        b"Title,DOI\n",
        b"A,10.1000/a\n",
        b"PT J\n",
        b"ER\n",
        b"FN Clarivate\n",
        b"&amp;",
        b"&x;",
        b"<!--",
        b"@string{a=",
        b"@comment{",
        b"#",
        b"\\'",
        b"$",
        b"%",
        b",",
        b"\t",
        b";",
        b"\n",
        b"\r",
        b"\n\n",
        b"\xff",
        b"\x00",
        b"\xc3",
        b"10.1000/a",
        b"TI A\n",
        b"   b\n",
        b"AU  - ",
        b"doi = 10.1/x,\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(SCRAPS, max_size=25).map(b"".join) | st.binary(max_size=200))
def test_any_bytes_give_records_or_a_refusal(data):
    try:
        reading = exports.read("x", data)
    except ExportError:
        return
    assert is_whole(reading)


FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".txt")


END_OF_FIRST = {
    ".ris": b"ER  -",
    ".ciw": b"\nER",
    ".nbib": b"\nPMID- 99000002",
    ".xml": b"</PubmedArticle>",
    ".bib": b"\n}\n",
    "endnote.xml": b"</record>",
}


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_file_cut_off_anywhere_keeps_the_records_before(name, data):
    whole = (FOLDER / name).read_bytes()
    records = exports.read(name, whole).records
    mark = END_OF_FIRST.get(name) or END_OF_FIRST.get(Path(name).suffix, b"\n")
    # Of a table the first record ends with the line that has its registration number or, without, its DOI.
    begun = (
        0
        if mark != b"\n"
        else max(whole.find(b"NCT09990001"), whole.find(b"made.2030.1"), whole.find(b"ISRCTN0"))
    )
    end = whole.index(mark, begun) + len(mark)
    cut = data.draw(st.integers(end, len(whole)))
    reading = exports.read(name, whole[:cut])
    assert reading.records[0] == records[0]
    assert is_whole(reading)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 5000), junk=st.binary(min_size=1, max_size=20))
def test_a_damaged_file_never_ends_in_another_error(name, place, junk):
    whole = (FOLDER / name).read_bytes()
    place = place % len(whole)
    try:
        reading = exports.read(name, whole[:place] + junk + whole[place + len(junk) :])
    except ExportError:
        return
    assert is_whole(reading)


def test_a_line_in_another_encoding_does_not_spoil_the_others():
    data = "TY  - JOUR\nTI  - Müller\nER  -\n".encode() + "TY  - JOUR\nTI  - Möller\nER  -\n".encode("cp1252")
    assert [record.title for record in exports.read("x.ris", data).records] == ["Müller", "Möller"]


def test_stray_zeros_do_not_make_a_text_binary():
    data = b"TY  - JOUR\nTI  - A\x00 title\nER  -\n" * 3
    assert {record.title for record in exports.read("x.ris", data).records} == {"A title"}


def test_utf_16_without_a_mark_is_read():
    data = "TY  - JOUR\nTI  - A title\nER  -\n".encode("utf-16-be")
    assert exports.read("x.ris", data).records[0].title == "A title"


def test_a_damaged_record_of_endnote_takes_no_other_along():
    text = (FOLDER / "endnote.xml").read_text(encoding="utf-8")
    reading = exports.read("x.xml", text.replace("</titles>", "", 1).encode())
    assert [record.number for record in reading.records] == [2]
    assert [(part.number, part.line) for part in reading.broken] == [(1, 2)]
