"""Do the references of included studies read back as they are recorded, with nothing filled in?"""

import json

import pypandoc
import pytest
import rispy

from livingmeta.export import references
from livingmeta.export.references import authors, item, items
from livingmeta.export.registry import files
from livingmeta.paths import ROOT
from livingmeta.releases import Identity
from livingmeta.snapshots import Snapshot


@pytest.fixture(scope="module")
def snapshot():
    return Snapshot("now", ROOT / "data", Identity())


@pytest.fixture(scope="module")
def every(snapshot):
    return items(snapshot.studies, snapshot.questions.values(), snapshot.version)


def named(found):
    """Return names in one form: a surname of several words may come back in one piece."""
    return [(_surname(one), one.get("given")) for one in found.get("author", ())]


def _surname(name):
    particle = name.get("non-dropping-particle") or name.get("dropping-particle")
    return name.get("literal") or " ".join(filter(None, (particle, name["family"])))


@pytest.mark.parametrize(("form", "end"), [("bibtex", "bib"), ("ris", "ris")])
def test_every_real_report_reads_back(snapshot, every, form, end):
    text = files(end, snapshot)[f"references.{end}"].decode()
    found = {one["id"]: one for one in json.loads(pypandoc.convert_text(text, "csljson", format=form))}
    assert list(found) == [one["id"] for one in every]
    for one in every:
        for key in ("DOI", "title", "issued", "volume", "issue", "page"):
            assert found[one["id"]].get(key) == one.get(key), (one["id"], key)
        assert named(found[one["id"]]) == named(one)


def test_items_hold_what_is_recorded_and_nothing_else(snapshot, every):
    rows = {row["report_id"]: row for row in snapshot.studies.reports.to_dict("records")}
    for one in every:
        row = rows[one["id"]]
        for key, column in (("title", "title"), ("DOI", "doi"), ("container-title", "journal")):
            recorded = row[column] if isinstance(row[column], str) else None
            assert one.get(key) == recorded
        assert ("author" in one) == isinstance(row["authors"], str)
        assert "nan" not in json.dumps(one).lower().split() and None not in one.values()


def test_every_question_has_its_own_set_and_all_are_in_the_whole(snapshot, every):
    made = files("csl", snapshot)
    whole = {one["id"] for one in json.loads(made["references.csl.json"])}
    parts = [json.loads(made[f"{name}.references.csl.json"]) for name in snapshot.questions]
    assert {one["id"] for part in parts for one in part} == whole == {one["id"] for one in every}
    assert all(parts)


def test_every_study_of_a_question_has_its_main_report(snapshot):
    for question in snapshot.questions.values():
        found = {one["id"] for one in items(snapshot.studies, [question], "x")}
        cited = set(snapshot.studies.effects[question.effects]["report_id"].dropna())
        assert cited <= found


@pytest.mark.parametrize(
    ("recorded", "first", "expected"),
    [
        ("Woods", "Woods", [("Woods", None)]),
        ("Egger; Davey Smith; Altman", "", [("Egger", None), ("Davey Smith", None), ("Altman", None)]),
        ("Evsanaa B", "Evsanaa", [("Evsanaa", "B")]),
        ("Woods KL; Fletcher S", "Woods", [("Woods", "KL"), ("Fletcher", "S")]),
        ("van der Berg J.-P.", "", [("van der Berg", "J.-P.")]),
        ("Kim, Moinay; Lee, Si Un", "", [("Kim", "Moinay"), ("Lee", "Si Un")]),
        ("Moinay Kim; Si Un Lee", "Kim", [("Kim", "Moinay"), ("Lee", "Si Un")]),
        ("Moinay Kim; Si Un Lee", "", [("Moinay Kim", None), ("Si Un Lee", None)]),
        ("Kurita N, et al.", "Kurita", [("Kurita", "N")]),
        ("", "Kim", []),
    ],
)
def test_names_are_read_as_far_as_they_can_be(recorded, first, expected):
    found, more = authors(recorded, first)
    assert named({"author": found}) == expected
    assert more == ("et al" in recorded)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("66(6):1047-55", {"volume": "66", "issue": "6", "page": "1047-55"}),
        ("10:351", {"volume": "10", "page": "351"}),
        ("40(14):e45", {"volume": "40", "issue": "14", "page": "e45"}),
        ("1929-1932", {"page": "1929-1932"}),
        ("83 (June)", {}),
    ],
)
def test_volume_and_pages_are_parted_or_left_as_recorded(recorded, expected):
    made = item({"report_id": "x", "report_type": "article", "volume_pages": recorded}, "", "v")
    assert {key: made[key] for key in ("volume", "issue", "page") if key in made} == expected
    assert ("Place as recorded: 83 (June)." in made["note"]) == (not expected)


def test_an_entry_without_anything_says_so_and_names_the_release():
    made = item({"report_id": "x", "report_type": "conference_abstract", "study_id": "s"}, "", "2026.11.0")
    assert made.keys() == {"id", "type", "note"}
    assert made["type"] == "paper-conference"
    assert "version 2026.11.0" in made["note"]
    assert "Not recorded: authors, title, journal, year." in made["note"]
    assert rispy.loads(references.citations.ris([made]))[0]["notes"] == [made["note"]]


def test_the_same_snapshot_gives_the_same_bytes(snapshot):
    again = Snapshot("now", ROOT / "data", Identity())
    for form in ("bib", "ris", "csl"):
        assert files(form, snapshot) == files(form, again)
