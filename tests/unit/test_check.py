"""Broken copies of the project's own data: each fault is named with its place, and all at once."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from livingmeta.check import Finding, check
from livingmeta.check.findings import FAULT, WARNING, report_of
from livingmeta.check.question_rules import question_findings
from livingmeta.check.row_rules import NUMBERS, row_findings
from livingmeta.check.schema_rules import schema_findings
from livingmeta.check.sources import read_curated
from livingmeta.check.table_rules import table_findings
from livingmeta.paths import Project
from livingmeta.questions import load_questions
from livingmeta.selection import all_rows, rows_for
from livingmeta.studies import load_studies, read_text_table


class Copy:
    """A copy of the data whose cells, headers and rows can be broken."""

    def __init__(self, data: Path):
        self.data = data

    def row(self, file, line):
        return dict(read_text_table(self.data / file).records())[line]

    def find(self, *filled, blank=(), skip=(), **equal):
        """Return file and line of the first row of effects with these cells filled."""
        for path in sorted((self.data / "effects").glob("*.csv")):
            for line, cells in read_text_table(path).records():
                place = (f"effects/{path.name}", line)
                fits = all(cells.get(c) for c in filled) and not any(cells.get(c) for c in blank)
                if fits and place not in skip and all(cells.get(c) == v for c, v in equal.items()):
                    return place
        raise LookupError(f"no row of effects has {filled}, {equal}")

    def edit(self, file, line, **cells):
        table = read_text_table(self.data / file)
        columns = [*table.columns, *(c for c in cells if c not in table.columns)]
        rows = [{**row, **(cells if at == line else {})} for at, row in table.records()]
        self._write(file, columns, [[row.get(c, "") for c in columns] for row in rows])

    def rename(self, file, old, new):
        table = read_text_table(self.data / file)
        self._write(file, [new if c == old else c for c in table.columns], table.rows)

    def drop(self, file, column):
        table = read_text_table(self.data / file)
        keep = [i for i, c in enumerate(table.columns) if c != column]
        self._write(file, [table.columns[i] for i in keep], [[r[i] for i in keep] for r in table.rows])

    def append(self, file, **cells):
        """Add a row and return its line."""
        table = read_text_table(self.data / file)
        row = [cells.get(c, "") for c in table.columns]
        self._write(file, table.columns, [*table.rows, row])
        return read_text_table(self.data / file).lines[-1]

    def _write(self, file, columns, rows):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        (self.data / file).write_text(text.getvalue(), encoding="utf-8", newline="")

    def found(self, rules, level=FAULT):
        """Return what one group of rules finds; the whole check takes a second, this does not."""
        curated, _ = read_curated(self.data)
        return [str(finding) for finding in rules(curated) if finding.level == level]

    def faults(self):
        return [str(finding) for finding in check(self.data).faults]

    def warnings(self):
        return [str(finding) for finding in check(self.data).warnings]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(Project().data, tmp_path / "data", ignore=shutil.ignore_patterns("releases"))
    return Copy(tmp_path / "data")


def counts_row(copy, **also):
    return copy.find("events_treatment", "n_treatment", blank=("print_flag", "percent_treatment"), **also)


def break_events(copy):
    file, line = counts_row(copy)
    n = int(copy.row(file, line)["n_treatment"])
    copy.edit(file, line, events_treatment=str(n + 1))
    return [f"data/{file}:{line}:events_treatment: {n + 1}: must be <= n_treatment ({n:g})"]


def break_sd(copy):
    file, line = copy.find("effect_id")
    copy.edit(file, line, sd_control="-3.1", outcome_unit="mmHg")
    return [f"data/{file}:{line}:sd_control: -3.1: must be > 0 (mmHg)"]


def break_study(copy):
    file, line = copy.find("effect_id", pool_role="display")
    copy.edit(file, line, study_id="nobody1900")
    return [f"data/{file}:{line}:study_id: nobody1900: must be a study_id of studies.csv"]


def break_number(copy):
    file, line = copy.find("n_control", pool_role="display")
    copy.edit(file, line, n_control="about 40")
    return [f"data/{file}:{line}:n_control: about 40: must be a whole number"]


def break_column(copy):
    copy.drop("effects/ich-outcomes.csv", "source_locator")
    return ["data/effects/ich-outcomes.csv:1:source_locator: (missing): column must be in the file"]


def break_name(copy):
    file, _ = copy.find("p_value", "p_operator")
    copy.rename(file, "p_operator", "p_operatr")
    return [f"data/{file}:1:p_operatr: p_operatr: unknown column; did you mean p_operator?"]


def break_needed_name(copy):
    file, _ = counts_row(copy)
    copy.rename(file, "events_treatment", "event_treatment")
    return [f"data/{file}:1:event_treatment: event_treatment: unknown column; did you mean events_treatment?"]


def break_key(copy):
    file, line = copy.find("effect_id")
    key = copy.row(file, line)["effect_id"]
    later = read_text_table(copy.data / file).lines[-1]
    copy.edit(file, later, effect_id=key)
    return [f"data/{file}:{later}:effect_id: {key}: must be unique: the same as in line {line}"]


def break_fit(copy):
    question, lines = pooled(copy)
    file, first, second = f"effects/{question.effects}", lines[1], lines[2]
    same = {c: copy.row(file, first)[c] for c in ("study_id", "report_id", "cohort_id")}
    copy.edit(file, second, **same)
    return [
        f"data/{file}:{second}:study_id: {same['study_id']}: counted twice in one fit "
        f"({question.id}, main analysis): also in line {first}"
    ]


def pooled(copy):
    studies = load_studies(Project().data)
    for question in load_questions(copy.data / "questions"):
        rows = rows_for(all_rows(studies, question), question)
        if question.pooled and len(rows) > 5:
            return question, rows["line"].tolist()
    raise LookupError("no question pools more than five rows")


def break_interval(copy):
    file, line = copy.find("estimate", "ci_lower", "ci_upper", blank=("print_flag",), measure_reported="HR")
    upper = float(copy.row(file, line)["ci_upper"])
    copy.edit(file, line, estimate=str(upper + 1))
    lower = float(copy.row(file, line)["ci_lower"])
    return [f"data/{file}:{line}:estimate: {upper + 1}: must lie within its interval, {lower:g} to {upper:g}"]


BREAKS = [
    break_events,
    break_sd,
    break_study,
    break_number,
    break_key,
    break_fit,
    break_interval,
    break_name,
    break_column,
]


@pytest.mark.parametrize("breaking", BREAKS, ids=lambda f: f.__name__)
def test_one_break_is_one_fault_at_its_place(copy, breaking):
    expected = breaking(copy)
    assert copy.faults() == expected


def test_a_misspelt_column_is_not_told_again_for_each_row(copy):
    expected = break_needed_name(copy)
    assert copy.faults() == expected


def test_all_breaks_are_listed_at_once_sorted_and_without_duplicates(copy):
    expected = [line for breaking in BREAKS for line in breaking(copy)]
    report = check(copy.data)
    faults = [str(finding) for finding in report.faults]
    assert not set(expected) - set(faults)
    assert len(faults) == len(set(faults))
    assert list(report.faults) == sorted(report.faults)


def test_a_check_changes_no_file(copy):
    break_events(copy)
    before = {path: path.read_bytes() for path in copy.data.rglob("*") if path.is_file()}
    check(copy.data)
    assert {path: path.read_bytes() for path in copy.data.rglob("*") if path.is_file()} == before


def test_byte_order_mark_crlf_and_non_ascii_are_fine(copy):
    file, line = copy.find("effect_id", "notes")
    copy.edit(file, line, notes="ärztlich – 40 µmol·L⁻¹ „gut“")
    before = check(copy.data)
    for path in copy.data.rglob("*.csv"):
        text = path.read_bytes().decode("utf-8").replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert check(copy.data) == before


def test_quoted_line_breaks_move_the_lines_that_follow(copy):
    file, line = counts_row(copy)
    following = read_text_table(copy.data / file).lines[1]
    copy.edit(file, line, notes="one\ntwo\nthree")
    copy.edit(file, following + 2, n_treatment="few")
    assert any(f.startswith(f"data/{file}:{following + 2}:n_treatment: few:") for f in copy.faults())


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "data/searches.csv:1:: (missing): file must exist"),
        (b"", "data/searches.csv:1:: (empty): file must have a header line"),
        (b"\xe9", "data/searches.csv:1:: byte 0xe9: text must be UTF-8; save the file with that encoding"),
    ],
)
def test_a_table_that_cannot_be_read(copy, content, fault):
    path = copy.data / "searches.csv"
    path.unlink() if content is None else path.write_bytes(content)
    assert fault in copy.faults()


def test_a_repeated_column_and_a_ragged_row(copy):
    path = copy.data / "searches.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    first, width = lines[0].split(",")[0], lines[0].count(",") + 1
    path.write_text("\n".join([lines[0] + f",{first}", *lines[1:], "x"]), encoding="utf-8")
    faults = copy.faults()
    assert f"data/searches.csv:1:{first}: {first}: column must stand in the header once" in faults
    rule = f"row must have {width + 1} cells, as the header"
    assert f"data/searches.csv:{len(lines) + 1}:: 1 cells: {rule}" in faults


def test_a_schema_that_cannot_be_read_is_one_fault(copy):
    (copy.data / "datapackage.yaml").unlink()
    assert copy.faults() == ["data/datapackage.yaml:1:: (schema): file must exist"]


def test_a_key_of_another_file_is_named_with_its_file(copy):
    file, line = copy.find("effect_id")
    key = copy.row(file, line)["effect_id"]
    other, there = next(
        copy.find("effect_id", skip=[(file, at) for at in read_text_table(copy.data / file).lines])
        for _ in "x"
    )
    copy.edit(other, there, effect_id=key)
    rule = f"must be unique: the same as in data/{file}:{line}"
    assert f"data/{other}:{there}:effect_id: {key}: {rule}" in copy.faults()


CELLS = [
    ({"n_treatment": "0"}, "n_treatment: 0: must be > 0"),
    ({"events_treatment": "-1"}, "events_treatment: -1: must be >= 0"),
    ({"p_value": "1.2"}, "p_value: 1.2: must lie between 0 and 1"),
    ({"r": "1"}, "r: 1: must lie above -1 and below 1"),
    ({"percent_control": "101"}, "percent_control: 101: must lie between 0 and 100"),
    ({"ci_level": "100"}, "ci_level: 100: must lie above 0 and below 100"),
    ({"ci_lower": "2", "ci_upper": "1"}, "ci_lower: 2: must be <= ci_upper (1)"),
    (
        {"measure_reported": "HR", "estimate": "0", "ci_lower": "0", "ci_upper": "1"},
        "estimate: 0: a ratio must be > 0",
    ),
    (
        {"exposed_lower": "2", "exposed_upper": "1", "exposure_unit": "mmol/L"},
        "exposed_lower: 2: must be < exposed_upper (1)",
    ),
    (
        {"exposed_lower": "2", "exposure_unit": ""},
        "exposure_unit: (blank): must be one of mmol/L, mEq/L, mg/dL, unknown",
    ),
    ({"derivation": "n_from_r_and_p", "r": "0.3"}, "derivation: n_from_r_and_p: needs a number in p_value"),
    (
        {"pool_role": "display", "pool_reason": ""},
        "pool_reason: (blank): must say why the row is display only",
    ),
]


def test_rules_of_the_schema_in_our_words(copy):
    cells = {
        "events_treatment": "2.5",
        "estimate": "NaN",
        "pool_role": "dispaly",
        "effect_id": "",
        "p_value": "2",
    }
    rules = (
        "events_treatment: 2.5: must be a whole number",
        "estimate: NaN: must be a number",
        "pool_role: dispaly: must be one of primary, sensitivity, display; did you mean display?",
        "effect_id: (blank): must not be blank",
        "p_value: 2: must lie between 0 and 1",
    )
    file, line = copy.find("effect_id")
    copy.edit(file, line, **cells)
    faults = [fault for fault in copy.faults() if fault.startswith(f"data/{file}:{line}:")]
    assert not {f"data/{file}:{line}:{rule}" for rule in rules} - set(faults)
    assert len([fault for fault in faults if ":p_value:" in fault]) == 1


@pytest.mark.parametrize(("cells", "fault"), CELLS, ids=range(len(CELLS)))
def test_rules_of_one_row(copy, cells, fault):
    file, line = copy.find("effect_id", blank=("print_flag", "p_operator"))
    copy.edit(file, line, **{**dict.fromkeys(("p_value", "print_flag"), ""), **cells})
    assert f"data/{file}:{line}:{fault}" in copy.found(row_findings)


def test_a_numeric_result_without_a_number(copy):
    file, line = copy.find("effect_id", result_status="numeric")
    copy.edit(file, line, **{c: "" for c in NUMBERS if c in copy.row(file, line)})
    fault = f"data/{file}:{line}:result_status: numeric: a numeric result must have a number"
    assert fault in copy.found(row_findings)


FLAG = "; as printed (odd in print)"
PRINT = [
    (
        {"measure_reported": "HR", "estimate": "3", "ci_lower": "1", "ci_upper": "2"},
        "estimate: 3: must lie within its interval, 1 to 2",
    ),
    (
        {"measure_reported": "HR", "estimate": "1.20", "ci_lower": "1.10", "ci_upper": "2.00"},
        "estimate: 1.20: interval is uneven on the log scale by ",
    ),
    (
        {"percent_treatment": "33.0", "events_treatment": "1", "n_treatment": "10"},
        "percent_treatment: 33.0: must be events_treatment / n_treatment (1/10 = 10.00%)",
    ),
    (
        {
            "measure_reported": "r_pearson",
            "r": "0.10",
            "n_analysed": "50",
            "p_operator": "<",
            "p_value": "0.001",
        },
        "p_value: 0.001: r 0.1 with n 50 has p = 0.49",
    ),
]


@pytest.mark.parametrize(("cells", "words"), PRINT, ids=["interval", "symmetry", "percent", "p"])
def test_a_print_flag_turns_the_rule_it_explains_into_a_visible_note(copy, cells, words):
    file, line = copy.find("effect_id", blank=("print_flag", "estimate"))
    copy.edit(file, line, **cells)
    start = f"data/{file}:{line}:{words}"
    found = [*copy.found(row_findings), *copy.found(row_findings, WARNING)]
    assert any(text.startswith(start) for text in found)
    copy.edit(file, line, print_flag="odd in print")
    notes = [text for text in copy.found(row_findings, WARNING) if text.startswith(start)]
    assert [text.endswith(FLAG) for text in notes] == [True]
    assert not [text for text in copy.found(row_findings) if text.startswith(start)]


def test_a_print_flag_leaves_other_rules_standing(copy):
    file, line = counts_row(copy)
    n = copy.row(file, line)["n_treatment"]
    copy.edit(file, line, print_flag="odd in print", events_treatment=str(int(n) + 1))
    assert any(f":{line}:events_treatment:" in fault for fault in copy.found(row_findings))


@pytest.mark.parametrize(
    ("measure", "printed", "is_uneven"),
    [
        ("HR", ("1.0", "0.7", "1.6"), False),  # the digits are too few to tell
        ("HR", ("1.00", "0.70", "1.60"), True),
        ("HR", ("1.40", "1.00", "1.96"), False),
        ("MD", ("1.40", "1.00", "1.96"), True),
        ("MD", ("1.4", "1.0", "1.8"), False),
        ("RRR", ("24", "1", "43"), False),  # 1 - RRR/100 is the ratio
        ("r_pearson", ("0.80", "0.60", "0.91"), False),
    ],
)
def test_symmetry_is_judged_on_the_scale_of_the_measure(copy, measure, printed, is_uneven):
    file, line = copy.find("effect_id", blank=("print_flag", "estimate", "r"))
    names = ("estimate", "ci_lower", "ci_upper")
    copy.edit(file, line, measure_reported=measure, **dict(zip(names, printed, strict=True)))
    words = f":{line}:estimate: {printed[0]}: interval is uneven"
    assert any(words in warning for warning in copy.found(row_findings, WARNING)) is is_uneven


def test_a_primary_row_that_cannot_supply_the_measure(copy):
    question, lines = pooled(copy)
    file = f"effects/{question.effects}"
    needed = {c: "" for c in NUMBERS if c in copy.row(file, lines[0])}
    copy.edit(file, lines[0], **needed, result_status="null_no_number")
    start = f"data/{file}:{lines[0]}:pool_role: primary: must supply {question.measure} ({question.id})"
    assert any(fault.startswith(start) for fault in copy.found(of_questions))


def of_questions(curated):
    return question_findings(curated, set())


def edit_question(copy, old, new):
    question, _ = pooled(copy)
    path = copy.data / "questions" / f"{question.id}.yml"
    text = path.read_text(encoding="utf-8")
    assert old(question) in text
    path.write_text(text.replace(old(question), new, 1), encoding="utf-8")
    line = next(n for n, t in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if new in t)
    return f"data/questions/{path.name}:{line}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (lambda q: f"effects: {q.effects}", "effects: nothing.csv", ":effects: nothing.csv: must be one of"),
        (lambda q: f"method: {q.method}", "method: REMLL", ":method: REMLL: must be one of"),
        (lambda q: f"measure: {q.measure}", "measure: ORR", ":measure: ORR: must be one of"),
        (lambda q: f"test: {q.test}", "test: knhaa", ":test: knhaa: must be one of"),
        (
            lambda q: "pool_role: primary",
            "pool_rol: primary",
            ":filter.pool_rol: pool_rol: must be a column of",
        ),
        (
            lambda q: "pool_role: primary",
            "pool_role: primry",
            ":filter.pool_role: primry: must occur in column",
        ),
        (lambda q: f"verdict: {q.verdict}", "verdict: sure", ":verdict: sure: must be one of"),
        (lambda q: "outcome_noun:", "outcom_noun:", ":outcom_noun: "),
    ],
)
def test_a_question_that_names_what_is_not_there(copy, old, new, words):
    place = edit_question(copy, old, new)
    assert any(fault.startswith(place + words) for fault in copy.found(of_questions))


@pytest.mark.parametrize("text", ["a: [1", "- just\n- a list\n", "", "id: x\nsensitivity: [3]\n"])
def test_a_question_that_cannot_be_read(copy, text):
    (copy.data / "questions" / "broken.yml").write_text(text, encoding="utf-8")
    assert any(fault.startswith("data/questions/broken.yml:") for fault in copy.found(of_questions))


def test_a_correction_must_stand_in_its_cell(copy):
    file, line = counts_row(copy)
    row = copy.row(file, line)
    entry = {
        "table": file,
        "key": row["effect_id"],
        "column": "n_treatment",
        "old": "1",
        "date": "2026-11-21",
    }
    entry |= {"reason": "typing error", "source": row["source_locator"], "new": row["n_treatment"]}
    copy.append("corrections.csv", **entry)
    assert not [fault for fault in copy.found(table_findings) if "corrections" in fault]
    at = copy.append("corrections.csv", **{**entry, "new": "9", "date": "2026-11-22"})
    rule = f"must stand in data/{file}:{line}, which holds {row['n_treatment']}"
    assert f"data/corrections.csv:{at}:new: 9: {rule}" in copy.found(table_findings)


def test_corrections_of_what_does_not_exist(copy):
    file, _ = counts_row(copy)
    base = {
        "old": "1",
        "new": "2",
        "date": "2026-11-21",
        "reason": "x",
        "source": "y",
        "column": "n_treatment",
    }
    places = [
        copy.append("corrections.csv", **base, table="effects/none.csv", key="k"),
        copy.append("corrections.csv", **base, table=file, key="nobody"),
        copy.append("corrections.csv", **{**base, "column": "n_tretment"}, table=file, key="nobody"),
    ]
    faults = "\n".join(copy.found(table_findings))
    assert f"corrections.csv:{places[0]}:table: effects/none.csv: must be a table" in faults
    assert f"corrections.csv:{places[1]}:key: nobody: must be a key of data/{file}" in faults
    assert (
        f"corrections.csv:{places[2]}:column: n_tretment: must be a column of data/{file}; did you mean"
        in faults
    )


def test_a_study_nobody_screened_or_used_is_a_warning(copy):
    line = copy.append("studies.csv", study_id="nobody1900", label="Nobody 1900", design_type="cohort")
    place = f"data/studies.csv:{line}:study_id: nobody1900: "
    assert place + "should have a record in screening.csv" in copy.found(table_findings, WARNING)
    assert place + "no row of effects/ uses this study" in copy.found(table_findings, WARNING)
    assert place + "must have a main report in reports.csv" in copy.found(table_findings)


def test_a_report_of_another_study(copy):
    file, line = copy.find("effect_id", pool_role="display", blank=("dataset",))
    reports = read_text_table(copy.data / "reports.csv").records()
    study = copy.row(file, line)["study_id"]
    other = next(r for _, r in reports if r["study_id"] not in ("", study))
    copy.edit(file, line, report_id=other["report_id"])
    rule = f"must be a report of {study}, is one of {other['study_id']}"
    assert f"data/{file}:{line}:report_id: {other['report_id']}: {rule}" in copy.found(table_findings)


def test_a_declared_value_that_nothing_uses_is_a_warning(copy):
    path = copy.data / "datapackage.yaml"
    text = path.read_text(encoding="utf-8").replace("enum: [primary, ", "enum: [spare, primary, ", 1)
    path.write_text(text, encoding="utf-8")
    line = next(n for n, t in enumerate(text.splitlines(), 1) if "enum: [spare, primary" in t)
    start = f"data/datapackage.yaml:{line}:pool_role: spare: declared value that no row uses"
    assert any(warning.startswith(start) for warning in copy.found(schema_findings, WARNING))


def test_a_finding_reads_as_file_line_column_value_rule():
    finding = Finding("data/x.csv", 14, "sd_control", "-3.1", "must be > 0 (mmHg)")
    assert str(finding) == "data/x.csv:14:sd_control: -3.1: must be > 0 (mmHg)"
    assert "\n" not in str(Finding("x", 1, "c", "a\nb" * 99, "rule"))
    report = report_of([finding, finding, Finding("a", 1, "c", "v", "r", WARNING)])
    assert (len(report.faults), len(report.warnings), report.is_clean) == (1, 1, False)


def test_an_invisible_character_is_named_with_its_place(copy):
    file, line = copy.find("source_locator")
    copy.edit(file, line, source_locator="Table\x07 2")
    found = [fault for fault in copy.faults() if f"data/{file}:{line}:source_locator" in fault]
    assert len(found) == 1 and found[0].endswith("must not hold the control character U+0007")


def test_a_question_file_of_another_ending_is_not_passed_over(copy):
    (copy.data / "questions" / "extra.yaml").write_text("id: extra\n", encoding="utf-8")
    assert "data/questions/extra.yaml:1:: extra.yaml: its name must end in .yml" in copy.faults()


def test_a_byte_that_is_not_utf8_is_found_on_its_line(copy):
    path = sorted((copy.data / "questions").glob("*.yml"))[0]
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    last = path.read_bytes().count(b"\n")
    assert any(fault.startswith(f"data/questions/{path.name}:{last}:") for fault in copy.faults())


def test_a_question_that_is_known_to_be_sound_is_not_gone_through_again(copy):
    path = copy.data / "questions" / "iv-magnesium-ami-mortality.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("method: REML", "method: RELM", 1), encoding="utf-8"
    )
    assert any("RELM" in fault for fault in copy.faults())
    assert not any("RELM" in str(fault) for fault in check(copy.data, sound=[path.stem]).faults)


def test_the_choices_of_a_multiverse_are_checked_too(copy):
    path = copy.data / "questions" / "iv-magnesium-ami-mortality.yml"
    text = path.read_text(encoding="utf-8").replace("zero: [only0, all]", "zero: [only0, some]")
    path.write_text(text.replace("methods: [REML, PM,", "methods: [REML, PMM,"), encoding="utf-8")
    found = [fault for fault in copy.faults() if "multiverse" in fault]
    assert len(found) == 2 and any("did you mean PM?" in fault for fault in found)


@pytest.mark.parametrize(
    ("bounds", "level", "words"),
    [
        ("0.9 to 0.7 mmol/L", FAULT, "the lower bound must be below the upper one"),
        ("0,7 to 0,9 mmol/L", WARNING, "cannot be shown in mmol/L"),
        ("below 0.7 mmol/L", WARNING, "cannot be shown in mmol/L"),
    ],
)
def test_bounds_of_a_category_that_no_picture_can_place(copy, bounds, level, words):
    file, at = copy.find("effect_id", contrast_type="category")
    effect = copy.row(file, at)["effect_id"]
    line = copy.append("groups.csv", effect_id=effect, group="a made-up group", bounds=bounds)
    found = copy.found(table_findings, level)
    assert any(one.startswith(f"data/groups.csv:{line}:bounds: {bounds}: {words}") for one in found)


@pytest.mark.parametrize("bounds", ["<0.7 mmol/L", ".7 to .9 mmol/L", ">=2.4 mg/dL", ""])
def test_bounds_that_can_be_placed_pass(copy, bounds):
    file, at = copy.find("effect_id", contrast_type="category")
    effect = copy.row(file, at)["effect_id"]
    line = copy.append("groups.csv", effect_id=effect, group="a made-up group", bounds=bounds)
    curated, _ = read_curated(copy.data)
    assert not [one for one in table_findings(curated) if str(one).startswith(f"data/groups.csv:{line}:")]


def test_a_warning_does_not_hide_a_fault_of_the_same_cell(copy):
    rows = read_text_table(copy.data / "published.csv").records()
    line = next(at for at, row in rows if row["p_value"] and row["ci_lower"])
    copy.edit("published.csv", line, p_value="1.5")
    assert any(f"published.csv:{line}:p_value: 1.5: must be <= 1" in one for one in copy.faults())


def test_cohorts_are_not_called_trials(copy):
    for path in sorted((copy.data / "questions").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if "verdict: association" in text:
            path.write_text(text.replace("verdict: association", "verdict: conflict_aware"), encoding="utf-8")
    assert any(":verdict: conflict_aware: speaks of trials" in fault for fault in copy.found(of_questions))
