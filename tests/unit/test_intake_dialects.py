"""Does every dialect of an export give the same record?"""

from pathlib import Path

import pytest

from livingmeta.intake import exports
from livingmeta.intake.record import ERRATUM, REGISTRY_ENTRY, Record

FOLDER = Path(__file__).resolve().parents[1] / "exports"
REGISTERS = {"clinicaltrials.csv", "ictrp.csv"}
FILES = sorted(path.name for path in FOLDER.iterdir() if path.name not in REGISTERS)
TITLE = "Magnesium & muscle cramps in adults on haemodialysis: a made-up randomised trial"
FORMATS = {
    ".ris": "RIS", ".nbib": "PubMed nbib", ".xml": "PubMed XML", ".bib": "BibTeX", ".csv": "CSV",
    ".txt": "CSV",    ".ciw": "Web of Science plain text", "endnote.xml": "EndNote XML",
}  # fmt: skip


def records(name: str) -> tuple[Record, ...]:
    reading = exports.read(name, (FOLDER / name).read_bytes())
    assert reading.broken == ()
    assert reading.format == FORMATS.get(name, FORMATS.get(Path(name).suffix))
    return reading.records


@pytest.mark.parametrize("name", FILES)
def test_the_trial_is_the_same_from_every_source(name):
    trial, _ = records(name)
    assert trial.title == TITLE
    assert (trial.doi, trial.pmid, trial.year) == ("10.5555/made.2030.1", "99000001", 2030)
    assert (trial.volume, trial.issue, trial.pages) == ("12", "3", "101-110")
    assert trial.journal.lower() == "made-up journal of nephrology"
    assert [author[:7] for author in trial.authors] == ["Example", "Müller,"] or [
        author.split()[0] for author in trial.authors
    ] == ["Example", "Müller"]
    assert trial.type == "article" and trial.number == 1


@pytest.mark.parametrize("name", FILES)
def test_its_erratum_is_known_as_one_and_says_of_what(name):
    _, erratum = records(name)
    assert (erratum.doi, erratum.pmid, erratum.year) == ("10.5555/made.2031.2", "99000002", 2031)
    assert erratum.type == ERRATUM and erratum.number == 2 and erratum.pages == "9"
    (relation,) = erratum.relations
    assert relation.kind == "erratum_of"
    assert relation.text == TITLE or relation.pmid == "99000001"


@pytest.mark.parametrize("name", [name for name in FILES if name != "pubmed.csv"])
def test_the_number_in_the_register_is_found_in_the_abstract(name):
    assert records(name)[0].registrations == ("NCT09990001",)


@pytest.mark.parametrize("name", ["pubmed.nbib", "pubmed.xml"])
def test_pubmed_says_by_what_the_trial_was_corrected(name):
    (relation,) = records(name)[0].relations
    assert (relation.kind, relation.doi, relation.pmid) == ("corrected_by", "10.5555/made.2031.2", "99000002")


@pytest.mark.parametrize("name", sorted(REGISTERS))
def test_an_entry_of_a_register_is_known_as_one(name):
    (entry,) = records(name)
    assert entry.type == REGISTRY_ENTRY and entry.registrations and "made-up trial" in entry.title.lower()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_line_endings_and_the_name_make_no_difference(name, ending):
    data = (FOLDER / name).read_bytes()
    if data.startswith(b"\xff\xfe"):
        data = data.decode("utf-16").encode()
    same = data.replace(b"\r\n", b"\n").replace(b"\n", ending)
    assert exports.read("download (1)", same).records == records(name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_makes_no_difference(name, encoding):
    data = (FOLDER / name).read_bytes()
    text = data.decode("utf-16" if data.startswith(b"\xff\xfe") else "utf-8-sig")
    text = text.replace("‐", "-") if encoding == "cp1252" else text
    assert exports.read(name, text.encode(encoding)).records == records(name)
