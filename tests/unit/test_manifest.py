"""Is a page made again when its inputs change, and left alone when they do not?"""

import json

import pytest

from livingmeta.inputs import digest
from livingmeta.manifest import Manifest, is_current, page_hashes, site_hash
from livingmeta.paths import Project
from livingmeta.releases import Identity

FILES = {
    "_toc.yml": "x",
    "_config.yml": "x",
    "requirements.lock": "x",
    "book/index.md": "# Book",
    "pipelines/livingmeta/a.py": "a = 1",
    "pipelines/notebooks/question.ipynb": "{}",
    "data/datapackage.yaml": "resources: []",
    "data/searches.csv": "date\n2026-01-01\n",
    "data/instruments.csv": "tool,domain\nRoB 2,D1\n",
    "data/studies.csv": "study_id,label\none,One\ntwo,Two\n",
    "data/reports.csv": "report_id,study_id\nr1,one\nr2,two\n",
    "data/effects/x.csv": "effect_id,study_id\ne1,one\n",
    "data/effects/y.csv": "effect_id,study_id\ne2,two\n",
    "data/questions/q.yml": "id: q\neffects: x.csv\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(tmp_path)


def page(project):
    return page_hashes(project, ["q"])["q"]


def change(project, name, text=None):
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text is not None else path.read_text() + "# more\n")


@pytest.mark.parametrize(
    ("name", "header", "own", "foreign"),
    [
        ("ongoing", "ongoing_id,question_id", "o1,q", "o2,another"),
        ("published", "published_id,question_ids", "p1,z; q", "p2,another;r"),
        ("screening", "record_id,study_id,decision", "r1,one,excluded", "r2,two,excluded"),
        ("certainty", "question_id,domain,judgement", "q,overall,Low", "another,overall,Low"),
        ("risk_of_bias", "effect_id,domain,judgement", "e1,D1,Low", "e2,D1,Low"),
    ],
)
def test_a_page_follows_the_rows_it_shows_and_no_others(project, name, header, own, foreign):
    path = f"data/{name}.csv"
    change(project, path, f"{header}\n")
    before = page(project)
    change(project, path, f"{header}\n{foreign}\n")
    assert page(project) == before
    change(project, path, f"{header}\n{foreign}\n{own}\n")
    assert page(project) != before


def test_a_page_follows_the_year_of_the_build_and_not_its_day(project):
    pages = {
        day: page_hashes(project, ["q"], "x", Identity(date=day))["q"]
        for day in ("2026-01-01", "2026-12-31", "2027-01-01")
    }
    assert pages["2026-01-01"] == pages["2026-12-31"] != pages["2027-01-01"]


@pytest.mark.parametrize(
    "name",
    [
        "data/questions/q.yml",
        "data/effects/x.csv",
        "data/searches.csv",
        "data/instruments.csv",
        "data/datapackage.yaml",
        "pipelines/livingmeta/a.py",
        "pipelines/notebooks/question.ipynb",
        "requirements.lock",
    ],
)
def test_a_page_follows_its_inputs(project, name):
    before = page(project)
    change(project, name)
    assert page(project) != before


def test_a_page_follows_its_own_studies_alone(project):
    before = page(project)
    change(project, "data/studies.csv", FILES["data/studies.csv"].replace("Two", "Zwei"))
    change(project, "data/effects/y.csv")
    change(project, "book/index.md")
    assert page(project) == before
    change(project, "data/studies.csv", FILES["data/studies.csv"].replace("One", "Eins"))
    assert page(project) != before


@pytest.mark.parametrize(
    "name", ["book/index.md", "data/effects/y.csv", "_config.yml", "book/_static/new.css"]
)
def test_the_site_follows_everything(project, name):
    before = site_hash(project)
    change(project, name, "changed")
    assert site_hash(project) != before


@pytest.mark.parametrize(
    "name",
    [
        "book/questions/heart/q.ipynb",
        "book/_generated/x.md",
        "_build/x",
        "pipelines/livingmeta/__pycache__/a.pyc",
    ],
)
def test_the_site_does_not_follow_what_is_generated(project, name):
    before = site_hash(project)
    change(project, name, "changed")
    assert site_hash(project) == before


def test_a_renamed_file_is_a_change(project):
    before = site_hash(project)
    (project.root / "book/index.md").rename(project.root / "book/other.md")
    assert site_hash(project) != before


def test_where_one_part_ends_is_part_of_the_hash():
    assert digest([b"ab", b"c"]) != digest([b"a", b"bc"])


def test_a_build_is_current_until_an_input_changes(project):
    assert not is_current(project)
    change(project, "_build/html/index.html", "x")
    Manifest(site=site_hash(project), pages={"q": page(project)}).write(project)
    assert is_current(project)
    assert Manifest.read(project).pages == {"q": page(project)}
    change(project, "data/effects/y.csv")
    assert not is_current(project)


def test_a_site_that_was_removed_is_not_current(project):
    Manifest(site=site_hash(project)).write(project)
    assert not is_current(project)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"site": 1})])
def test_a_manifest_that_cannot_be_read_is_an_empty_one(project, text):
    change(project, "_build/manifest.json", text)
    assert Manifest.read(project) == Manifest()


def test_a_page_follows_the_record_that_its_watch_list_names_and_the_study_of_that_record(project):
    change(project, "data/ongoing.csv", "ongoing_id,question_id,source\no1,q,r9\n")
    change(project, "data/screening.csv", "record_id,extraction_id,study_id,title\nr9,x9,two,A\nr8,x8,,B\n")
    first = page(project)
    change(project, "data/screening.csv", "record_id,extraction_id,study_id,title\nr9,x9,two,A\nr8,x8,,C\n")
    assert page(project) == first
    change(project, "data/studies.csv", FILES["data/studies.csv"].replace("Two", "Zwei"))
    second = page(project)
    assert second != first
    change(project, "data/screening.csv", "record_id,extraction_id,study_id,title\nr9,x9,two,Z\nr8,x8,,C\n")
    assert page(project) != second
