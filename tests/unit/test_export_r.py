"""Does the R script hold every pooled estimate with our numbers, and does metafor agree?"""

import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from livingmeta.analysis import Analysis
from livingmeta.export.r_language import comment, number, text, vector
from livingmeta.export.r_script import FILE, QUANTITIES, ours_of, pooled_fits, r_script
from livingmeta.export.registry import FORMATS, files
from livingmeta.numbers import record_hash, signed
from livingmeta.paths import ROOT, Project
from livingmeta.questions import ModelChoice, Variant
from livingmeta.releases import Identity
from livingmeta.results import question_record
from livingmeta.snapshots import now, plain
from made_up import BY_SIZE, analysed, correlations, ratios, tables, trials_by_size

NOT_ASKED = ("GLMM",)  # metafor has approximations of it only; tests/reference/glmm.R has the exact model
CALL = re.compile(r'compare\(question, ("(?:[^"\\]|\\.)*"),\s+(c\([^()]*\))', re.DOTALL)


def of(**analyses: Analysis) -> SimpleNamespace:
    """Return what the script needs of a snapshot."""
    records = {name: {**plain(question_record(one)), "id": name} for name, one in analyses.items()}
    return SimpleNamespace(
        identity=Identity("2026.11.0", "0123456789", "2026-11-22"),
        records={name: signed(record, "2026.11.0") for name, record in records.items()},
        analyses=analyses,
    )


@pytest.fixture(scope="module")
def made_up():
    """Return questions whose rows come from every source there is."""
    mixed = [
        *tables((3, 50, 6, 50), (0, 40, 4, 41), (9, 90, 12, 88)),
        *ratios((0.7, 0.5, 0.98), reported="OR"),
    ]
    by_p = [{"estimate": 0.8, "p_value": 0.04, "measure_reported": "OR"}]
    other = (Variant("Risk difference", "another measure", measure="RD"), Variant("Peto", method="PETO"))
    others = tuple(Variant(f"By {name}", method=name) for name in ("DL", "PM", "ML", "SJ", "HE", "HS", "EB"))
    return of(
        counts=analysed(
            trials_by_size(1.0, 0.4, 2000),
            subgroups=(BY_SIZE,),
            sensitivity=(*other, *others),
            common_effect=ModelChoice("MH"),
        ),
        mixed=analysed([*mixed, *by_p], level=90.0, test="knha", pi_df="normal", accept_measures=("OR",)),
        relations=analysed(correlations(-0.3, 0.1, -0.5, -0.2), measure="ZCOR", pi_df="k-2"),
        alone=analysed(tables((3, 50, 6, 50)), verdict="single_trial"),
        apart=analysed(tables((3, 50, 6, 50), (4, 40, 4, 40))),
    )


@pytest.fixture(scope="module")
def today():
    return now(Project(ROOT))


@pytest.fixture(scope="module", params=["made_up", "today"])
def snapshot(request):
    return request.getfixturevalue(request.param)


def script(snapshot) -> str:
    return r_script(snapshot)[FILE].decode("ascii")


def sections(snapshot) -> dict[str, str]:
    """Return the part of the script of each question."""
    parts = re.split(r"^# ---- ([\w-]+) -+$", script(snapshot), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def without_texts(code: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"|#.*', "", code)


def test_it_is_one_of_the_formats(today):
    assert set(files("r", today)) == {FILE} and "metafor" in FORMATS["r"].description


def test_every_bracket_is_closed(snapshot):
    code = without_texts(script(snapshot))
    assert '"' not in code
    open_ones = []
    for char in code:
        if char in "([{":
            open_ones.append(char)
        elif char in ")]}":
            assert open_ones.pop() + char in ("()", "[]", "{}")
    assert not open_ones


def test_every_pooled_fit_is_there_with_the_numbers_of_the_record(snapshot):
    found = sections(snapshot)
    total = 0
    for name, record in snapshot.records.items():
        calls = CALL.findall(found[name])
        fits = [] if record["estimate"] is None else list(pooled_fits(record, snapshot.analyses[name]))
        lines = [key for key in ("peese", "peters") if record.get(key)]
        fits = [one for one in fits if one.fit["method"] not in NOT_ASKED]
        assert len(calls) == len(fits) + len(lines)
        for one, (title, ours) in zip(fits, calls, strict=False):
            assert title == text(one.analysis)
            assert ours == ours_of(one)
            values = dict(re.findall(r"(\w+) = (\S+?)[,)]", ours))
            for key in set(QUANTITIES) & set(values):
                assert float(values[key]) == one.fit[key], (name, one.analysis, key)
        total += len(calls)
    assert total > 20


def test_nothing_that_a_record_pools_is_left_out(snapshot):
    for name, record in snapshot.records.items():
        if record["estimate"] is None:
            continue
        groups = [group for item in record["subgroups"] for group in item["groups"]]
        fits = [record, record["common_effect"], *groups, *record["sensitivity"]]
        estimates = [fit["estimate"] for fit in fits if fit.get("estimate") is not None]
        assert [one.fit["estimate"] for one in pooled_fits(record, snapshot.analyses[name])] == estimates


def test_rows_are_there_as_they_were_reported(made_up):
    code = sections(made_up)
    assert "ai = c(3, 0, 9)" in code["mixed"] and 'add = 0.5, to = "only0"' in code["mixed"]
    assert "estimate = c(0.7),\n  lower = c(0.5),\n  upper = c(0.98),\n  level = c(95)" in code["mixed"]
    assert "p = c(0.04)" in code["mixed"]
    assert "ri = c(-0.3, 0.1, -0.5, -0.2),\n  ni = c(100, 100, 100, 100)" in code["relations"]
    assert "Nothing is pooled" in code["apart"]


def test_it_says_what_it_belongs_to(made_up):
    code = script(made_up)
    for line in (
        "Release: 2026.11.0",
        "Commit: 0123456789",
        "Rscript reproduce.R",
        "R 4.2.2 and metafor 3.8-1",
    ):
        assert line in code
    for record in made_up.records.values():
        assert f"Hash of the record: {record_hash(record)}" in code


def test_rows_that_are_not_found_are_said_and_not_left_out(made_up):
    records = {name: {**record, "k": record["k"] + 1} for name, record in made_up.records.items()}
    changed = SimpleNamespace(identity=made_up.identity, records=records, analyses=made_up.analyses)
    assert "not compared: 15 rows were found, and it was made from 16" in script(changed)
    gone = SimpleNamespace(identity=made_up.identity, records=made_up.records, analyses={})
    assert "not compared: its rows are not in the data" in script(gone)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-17, 12345678901234.5, -2.5, 7.0, 1e300])
def test_numbers_keep_all_their_digits(value):
    assert float(number(value)) == value


def test_what_is_no_number_is_said_as_r_says_it():
    assert [number(x) for x in (np.nan, np.inf, -np.inf, np.float64(2))] == ["NA", "Inf", "-Inf", "2"]


def test_no_text_leaves_its_quotes_or_its_line():
    assert text('a"b\\c\nd') == r'"a\"b\\c\nd"'
    assert text("Café ≥ 1 \U0001f600\0") == r'"Caf\U000000e9 \U00002265 1 \U0001f600"'
    assert comment("a\nquit()\r b") == "# a quit() b"
    assert vector(["x"] * 40).count("\n") > 1 and max(map(len, vector(["x"] * 40).split("\n"))) <= 100


def run(code: str, folder) -> subprocess.CompletedProcess:
    path = folder / FILE
    path.write_text(code, encoding="ascii")
    return subprocess.run(["Rscript", str(path)], capture_output=True, text=True, timeout=300)


def metafor_is_here() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(metafor)"], capture_output=True).returncode == 0


def test_metafor_gives_the_same_numbers(snapshot, tmp_path, capsys):
    if not metafor_is_here():
        with capsys.disabled():
            print("\nnot run: no Rscript with metafor; the script was only read")
        return
    done = run(script(snapshot), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"all \d+ numbers agree within 1e-06", done.stdout)
    left_out = [line for line in done.stdout.splitlines() if "not compared" in line]
    assert all(line.split()[-1] in NOT_ASKED for line in left_out) and "DIFFERS" not in done.stdout
    code = script(snapshot)
    wrong = re.sub(r"(tau2 = \d\.\d{4})(\d)", lambda m: m[1] + str(int(m[2]) % 9 + 1), code, count=1)
    assert wrong != code
    done = run(wrong, tmp_path)
    assert done.returncode == 1 and "1 numbers differ by more than 1e-06" in done.stderr
