"""Does a comparison name exactly what differs between two states of the evidence?"""

import csv
import json
import shutil
from dataclasses import replace

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

import exported
from livingmeta.cli import main
from livingmeta.differences import as_text, compare
from livingmeta.differences.estimates import flags, is_changed, results, same
from livingmeta.differences.methods import changed_keys
from livingmeta.paths import ROOT, Project
from livingmeta.releases import Release
from livingmeta.snapshots import Snapshot, snapshot

POOLED, ONE, SHOWN = (
    "low-magnesium-dialysis-mortality",
    "magnesium-supplementation-ckd-deaths",
    "magnesium-intracerebral-haemorrhage",
)


SCHEMA = json.loads(
    (ROOT / "pipelines" / "livingmeta" / "schemas" / "difference.json").read_text(encoding="utf-8")
)


class Data:
    """A data folder that a test may change."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, name):
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            return list(reader), list(reader.fieldnames)

    def write(self, name, rows, columns):
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def append(self, name, **cells):
        rows, columns = self.read(name)
        self.write(name, [*rows, cells], columns)

    def change(self, name, key, value, **cells):
        rows, columns = self.read(name)
        for row in rows:
            row.update(cells if row[key] == value else {})
        self.write(name, rows, columns)

    def keep(self, name, key, wanted):
        rows, columns = self.read(name)
        self.write(name, [row for row in rows if wanted(row[key])], columns)

    def question(self, name=POOLED):
        return self.folder / "questions" / f"{name}.yml"

    def ask(self, name=POOLED, **keys):
        raw = yaml.safe_load(self.question(name).read_text(encoding="utf-8"))
        self.question(name).write_text(yaml.safe_dump({**raw, **keys}, sort_keys=False), encoding="utf-8")
        return raw

    @property
    def effects(self):
        return "effects/" + yaml.safe_load(self.question().read_text(encoding="utf-8"))["effects"]

    def add_study(self, **cells):
        """Add a study whose row is like the first of the pooled ones, but for some cells."""
        pooled = snapshot(str(self.folder), Project(ROOT)).records[POOLED]["studies"][0]["effect_id"]
        row = next(row for row in self.read(self.effects)[0] if row["effect_id"] == pooled)
        study = {"study_id": "madeup2026", "cohort_id": "madeup2026", "overlap_group": "", "label": ""}
        report = {"report_id": "madeup2026-a", "study_id": "madeup2026", "report_type": "article"}
        self.append("studies.csv", study_id="madeup2026", label="Made-up 2026", design_type="cohort")
        self.append("reports.csv", **report, is_main="true", source_extent="abstract")
        self.append(
            self.effects,
            **{**row, **study, "effect_id": "madeup2026-1", "report_id": "madeup2026-a", **cells},
        )


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """Return the repository's tables with three questions: pooled, of one study, and not pooled."""
    folder = tmp_path_factory.mktemp("origin") / "data"
    shutil.copytree(ROOT / "data", folder, ignore=shutil.ignore_patterns("releases"))
    for path in (folder / "questions").glob("*.yml"):
        if path.stem not in (POOLED, ONE, SHOWN):
            path.unlink()
    return folder


@pytest.fixture(scope="module")
def before(origin):
    return snapshot(str(origin), Project(ROOT))


@pytest.fixture
def data(origin, tmp_path):
    shutil.copytree(origin, tmp_path / "data")
    return Data(tmp_path / "data")


@pytest.fixture
def changes(before, data):
    def compared():
        found = compare(before, snapshot(str(data.folder), Project(ROOT))).as_dict()
        jsonschema.validate(found, SCHEMA)
        return found

    return compared


def moved(found):
    return [result["question"] for result in found["results"] if result["moved"]]


def result(found, name=POOLED):
    return next(result for result in found["results"] if result["question"] == name)


def test_the_same_tables_do_not_differ(before, data, changes):
    found = compare(before, snapshot(str(data.folder), Project(ROOT)))
    assert found.is_empty and found.as_dict()["empty"]
    assert "nothing differs" in as_text(found.as_dict())
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False)) == found.as_dict()


def test_a_new_study_is_named_with_exactly_the_estimate_it_moves(before, data, changes):
    data.add_study(estimate="3.1", ci_lower="2.1", ci_upper="4.6")
    found = changes()
    evidence = found["evidence"]
    assert evidence["studies"] == {"added": [{"id": "madeup2026", "label": "Made-up 2026"}], "dropped": []}
    assert [row["id"] for row in evidence["reports"]["added"]] == ["madeup2026-a"]
    assert [row["id"] for row in evidence["effects"]["added"]] == ["madeup2026-1"]
    assert evidence["effects"]["added"][0]["file"] == data.effects
    assert not evidence["cells"] and not evidence["rows"] and not evidence["columns"]
    assert moved(found) == [POOLED]
    one = result(found)
    old, new = one["old"]["numbers"], one["new"]["numbers"]
    assert new["k"] == old["k"] + 1 and new["estimate"] != old["estimate"]
    assert old["estimate"] == before.records[POOLED]["estimate"]
    assert [row["study_id"] for row in one["studies"]["entered"]] == ["madeup2026"]
    assert not one["studies"]["left"] and not one["studies"]["changed"]
    shifts = [abs(row["new"] - row["old"]) for row in one["studies"]["weights"]]
    assert shifts and shifts == sorted(shifts, reverse=True)
    assert one["flags"]["minimal_important_difference_crossed"] is None
    text = as_text(found)
    assert "+ study madeup2026" in text and "2 other questions: nothing moved" in text


def test_a_dropped_study_leaves_the_estimate(before, data, changes):
    gone = before.records[POOLED]["studies"][0]
    row = next(row for row in data.read(data.effects)[0] if row["effect_id"] == gone["effect_id"])
    data.keep(data.effects, "effect_id", lambda value: value != gone["effect_id"])
    found = changes()
    assert [one["id"] for one in found["evidence"]["effects"]["dropped"]] == [gone["effect_id"]]
    assert [one["study_id"] for one in result(found)["studies"]["left"]] == [row["study_id"]]
    assert moved(found) == [POOLED]


def test_a_corrected_cell_has_its_reason(before, data, changes):
    used = before.records[POOLED]["studies"][0]["effect_id"]
    row = next(row for row in data.read(data.effects)[0] if row["effect_id"] == used)
    data.change(data.effects, "effect_id", used, ci_upper="2.99", notes="Read again.")
    why = {"date": "2026-12-01", "reason": "typing error", "source": "table 2"}
    cell = {"table": data.effects, "key": used, "column": "ci_upper", "old": row["ci_upper"], "new": "2.990"}
    data.append("corrections.csv", **cell, **why)
    found = {cell["column"]: cell for cell in changes()["evidence"]["cells"]}
    assert found.keys() == {"ci_upper", "notes"}
    assert {key: found["ci_upper"][key] for key in why} == why
    assert (found["ci_upper"]["old"], found["ci_upper"]["new"]) == (row["ci_upper"], "2.99")
    assert found["ci_upper"]["table"] == data.effects.removesuffix(".csv")
    assert found["notes"]["reason"] == "reason not recorded" and not found["notes"]["date"]
    one = result(changes())
    assert one["moved"] and [row["effect_id"] for row in one["studies"]["changed"]] == [used]


def test_several_corrections_of_a_cell_are_told_in_a_row(data, changes):
    study = data.read("studies.csv")[0][0]
    data.change("studies.csv", "study_id", study["study_id"], country="C")
    cell = {"table": "studies", "key": study["study_id"], "column": "country"}
    data.append("corrections.csv", **cell, old="B", new="C", date="2026-12-02", reason="second", source="s")
    data.append(
        "corrections.csv",
        **cell,
        old=study["country"],
        new="B",
        date="2026-12-01",
        reason="first",
        source="s",
    )
    (found,) = changes()["evidence"]["cells"]
    assert (found["reason"], found["date"]) == ("first; then second", "2026-12-02")


def test_a_number_written_otherwise_is_no_change(before, data, changes):
    rows, columns = data.read("studies.csv")
    for row in rows:
        row["n_total"] = row["n_total"] and f"{row['n_total']}.0"
    data.write("studies.csv", rows, columns)
    old, new = (Snapshot("x", folder, before.identity) for folder in (before.data, data.folder))
    from livingmeta.differences.curated import evidence, read_tables

    assert not evidence(*(read_tables(side.data) for side in (old, new)))["cells"]


@pytest.mark.parametrize("filled", [0, 3])
def test_a_new_column_is_told_once(data, changes, filled):
    schema = data.folder / "datapackage.yaml"
    first = "        - {name: label, type: string,"
    added = "        - {name: weather, type: string, description: Weather on the day.}\n"
    text = schema.read_text(encoding="utf-8")
    assert first in text
    schema.write_text(text.replace(first, added + first, 1), encoding="utf-8")
    rows, columns = data.read("studies.csv")
    for at, row in enumerate(rows):
        row["weather"] = "fair" if at < filled else ""
    data.write("studies.csv", rows, [*columns, "weather"])
    found = changes()
    told = {"table": "studies", "column": "weather", "change": "added", "filled": filled}
    assert found["evidence"]["columns"] == [told]
    assert not found["evidence"]["cells"] and not moved(found)


def test_a_renamed_file_of_effects_drops_nothing(before, data, changes):
    name = data.effects
    rows = len(data.read(name)[0])
    (data.folder / name).rename(data.folder / "effects" / "renamed.csv")
    data.ask(effects="renamed.csv")
    found = changes()
    effects = found["evidence"]["effects"]
    assert not effects["added"] and not effects["dropped"] and not found["evidence"]["cells"]
    assert effects["moved"] == [{"old": name, "new": "effects/renamed.csv", "rows": rows}]
    assert not moved(found)


def test_a_changed_method_is_named_with_both_values(data, changes):
    raw = data.ask(method="DL")
    found = changes()
    (row,) = found["methods"]["questions"]
    said = {"question": POOLED, "key": "method", "item": "", "old": raw["method"], "new": "DL"}
    assert row == {**said, "kind": "method"}
    assert moved(found) == [POOLED]
    assert "today's code" in found["methods"]["note"]


def test_words_of_a_question_move_nothing(data, changes):
    raw = data.ask(text="Other words.", level=95.0, pi_df="k-1")
    assert "pi_df" not in raw, "to spell a default out must be tried"
    found = changes()
    assert [(row["key"], row["kind"]) for row in found["methods"]["questions"]] == [("text", "text")]
    assert not moved(found) and not found["empty"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"filter": {"a": 1}}, {"filter": {"a": 2}}, [("filter.a", "", 1, 2)]),
        ({"x": None}, {"x": []}, []),
        ({"x": 95}, {"x": 95.0}, []),
        (
            {"s": [{"name": "one", "method": "DL"}]},
            {"s": [{"name": "new"}, {"name": "one", "method": "PM"}]},
            [("s[0]", "new", None, {"name": "new"}), ("s[1].method", "one", "DL", "PM")],
        ),
        ({"s": [{"name": "one"}]}, {}, [("s[0]", "one", {"name": "one"}, None)]),
    ],
)
def test_each_changed_key_has_its_path(old, new, expected):
    assert list(changed_keys(old, new)) == expected


def test_a_question_added_is_no_estimate_moved(before, data, changes):
    text = data.question(ONE).read_text(encoding="utf-8")
    data.question("another").write_text(text.replace(f"id: {ONE}", "id: another"), encoding="utf-8")
    found = changes()
    assert [row["id"] for row in found["methods"]["questions_added"]] == ["another"]
    one = result(found, "another")
    assert (one["state"], one["old"], one["moved"]) == ("added", None, False)
    assert not moved(found) and "another: new question" in as_text(found)
    back = compare(snapshot(str(data.folder), Project(ROOT)), before).as_dict()
    assert [row["id"] for row in back["methods"]["questions_dropped"]] == ["another"]
    assert result(back, "another")["state"] == "dropped"


def test_a_second_study_stops_what_one_study_said(data, changes):
    file = "effects/" + yaml.safe_load(data.question(ONE).read_text(encoding="utf-8"))["effects"]
    row = data.read(file)[0][0]
    own = {"study_id": "madeup2026", "cohort_id": "madeup2026", "effect_id": "madeup2026-2"}
    data.append("studies.csv", study_id="madeup2026", label="Made-up 2026", design_type="randomised")
    data.append(file, **{**row, **own})
    one = result(changes(), ONE)
    assert one["old"]["numbers"]["k"] == 1 and one["new"]["numbers"]["k"] == 2
    assert one["new"]["numbers"]["estimate"] is None
    assert one["flags"]["verdict_changed"] and not one["flags"]["no_longer_pooled"]
    assert one["flags"]["direction_changed"] is None


def test_what_is_no_longer_pooled_is_flagged(data, changes):
    data.ask(pooled=False, reason="too different")
    one = result(changes())
    assert one["flags"]["no_longer_pooled"] and not one["flags"]["newly_pooled"]
    assert one["moved"] and one["new"]["numbers"]["estimate"] is None


def test_decisions_since_are_told(data, changes):
    rows, _ = data.read("screening.csv")
    record = next(row for row in rows if row["decision"] == "awaiting_full_text")
    data.change(
        "screening.csv", "record_id", record["record_id"], decision="excluded", reason="no usable result"
    )
    found = changes()["screening"]
    (decided,) = found["decided"]
    assert (decided["id"], decided["before"]) == (record["record_id"], "awaiting_full_text")
    assert (decided["decision"], decided["reason"]) == ("excluded", "no usable result")
    assert found["awaiting"]["new"] == found["awaiting"]["old"] - 1 == len(found["awaiting"]["records"])


def test_what_an_intake_sorted_by_itself_is_no_decision(data, changes):
    known = data.read("screening.csv")[0][0]["record_id"]
    new = {"search_id": "seed-documents", "stage": "not_seen", "reason": "made up"}
    data.append("screening.csv", record_id="x-1", decision="pending", **new)
    data.append("screening.csv", record_id="x-2", decision="duplicate", duplicate_of=known, **new)
    data.append(
        "screening.csv",
        record_id="x-3",
        decision="duplicate",
        duplicate_of=known,
        decided_on="2030-01-15",
        **new,
    )
    found = changes()["screening"]
    assert [row["id"] for row in found["decided"]] == ["x-3"]
    assert found["pending"]["new"] == found["pending"]["old"] + 1


def test_without_an_earlier_version_everything_is_new(before):
    found = compare(None, before)
    changes = found.as_dict()
    jsonschema.validate(changes, SCHEMA)
    assert changes["old"] is None and not found.is_empty
    assert {one["state"] for one in changes["results"]} == {"added"} and not moved(changes)
    assert len(changes["evidence"]["studies"]["added"]) == len(before.studies.studies)
    assert not changes["evidence"]["cells"] and not changes["evidence"]["columns"]
    assert "there is no earlier version" in as_text(changes)


def record(estimate, lower, upper, **others):
    """Return a small record of a log odds ratio."""
    import math

    shown = {"estimate": estimate, "ci_lower": lower, "ci_upper": upper}
    ends = {key: math.log(value) for key, value in shown.items()}
    nothing = dict.fromkeys(("pi_lower", "pi_upper", "tau2", "i2"))
    display = {**shown, "pi_lower": None, "pi_upper": None}
    words = {"status": "pooled", "headline": "h", "sentence": "s", "answer": "a"}
    made = {
        **ends,
        **nothing,
        "measure": "OR",
        "method": "REML",
        "k": 3,
        "level": 95,
        "participants": 100,
        "pooled": True,
        "display": display,
        "verdict": {**words, "symbol": "OR", "scale": "log", "display": display},
    }
    return {**made, **others}


@pytest.mark.parametrize(
    ("old", "new", "up"),
    [
        ((0.8, 0.7, 0.9), (0.8, 0.6, 1.1), {"now_includes_null", "lead_now_includes_null"}),
        ((0.8, 0.6, 1.1), (0.8, 0.7, 0.9), {"now_excludes_null", "lead_now_excludes_null"}),
        ((0.9, 0.6, 1.3), (1.1, 0.7, 1.6), {"direction_changed", "lead_direction_changed"}),
        ((0.8, 0.7, 0.9), (0.7, 0.6, 0.8), {"minimal_important_difference_crossed"}),
        ((0.8, 0.7, 0.9), (0.82, 0.72, 0.92), set()),
    ],
)
def test_what_a_reader_must_not_miss_is_flagged(old, new, up):
    raised = flags(record(*old), record(*new), 0.75)
    assert {name for name, value in raised.items() if value} == up


def test_of_a_proportion_there_is_no_direction():
    old, new = (record(*ends, measure="PLO") for ends in ((0.8, 0.7, 0.9), (1.2, 1.1, 1.3)))
    raised = flags(old, new, 0.75)
    assert raised["direction_changed"] is None and raised["minimal_important_difference_crossed"] is None


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(0.5, 0.5 * (1 + 1e-12), True), (0.5, 0.5 * (1 + 1e-8), False), (0.0, 1e-15, True), (0.0, 1e-6, False)],
)
def test_noise_of_computing_is_no_move(a, b, expected):
    assert same({"x": [a]}, {"x": [b]}) is expected
    assert same(None, a) is False
    assert same({"x": a}, {"x": a, "later": 1}) is True


def test_packages_and_inputs_are_compared_between_releases(before, tmp_path):
    def release(version, **changed):
        made = Release(tmp_path, version, "method", "why", "2026-11-22", "0" * 40, None, "3.11.1")
        return replace(before, name=version, release=replace(made, **changed), data=before.data)

    old = release("2026.11.0", packages={"numpy": "2.0"}, inputs={"pipelines/a.py": "1", "data/x.csv": "1"})
    new = release("2026.12.0", packages={"numpy": "2.1"}, inputs={"pipelines/a.py": "2", "data/x.csv": "2"})
    changes = compare(old, new).as_dict()
    jsonschema.validate(changes, SCHEMA)
    found = changes["methods"]
    assert found["packages"] == [{"package": "numpy", "old": "2.0", "new": "2.1"}]
    (group,) = found["inputs"]
    assert group == {"group": "code", "added": [], "dropped": [], "changed": ["pipelines/a.py"]}
    assert "frozen" in found["note"]


def test_the_command_says_it_in_each_format(origin, data, tmp_path):
    data.ask(method="DL")
    runner, target = CliRunner(), tmp_path / "made" / "changes.html"
    sides = [str(origin), str(data.folder)]
    assert "method: REML -> DL" in runner.invoke(main, ["diff", *sides]).output
    told = runner.invoke(main, ["diff", *sides, "--format", "json"])
    assert told.exit_code == 0 and moved(json.loads(told.stdout)) == [POOLED]
    done = runner.invoke(main, ["diff", *sides, "--format", "html", "--to", str(target)])
    assert done.exit_code == 0 and target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("sides", [("now", "no-such-branch"), ("2020.01.0", "now")])
def test_a_name_that_means_nothing_ends_with_one(sides):
    done = CliRunner().invoke(main, ["diff", *sides])
    assert done.exit_code == 1 and "error: " in done.stderr and "Traceback" not in done.output


def test_the_schema_refuses_what_it_does_not_know(before):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    changes = compare(None, before).as_dict()
    for broken in ({**changes, "more": 1}, {key: changes[key] for key in changes if key != "results"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)


def test_a_verdict_in_other_words_moves_no_estimate():
    old = exported.today().records
    said = {name: {**one["verdict"], "headline": "Other words."} for name, one in old.items()}
    new = {name: {**one, "verdict": said[name]} for name, one in old.items()}
    found = results(old, new, {}, {})
    assert found and not any(one["moved"] for one in found)
    assert all(one["flags"]["verdict_changed"] and is_changed(one) for one in found)
