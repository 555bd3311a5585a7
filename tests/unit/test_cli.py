"""Does each verb say how it is used, and end with the right exit code?"""

import json
import math
import shutil

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from livingmeta.cli import main
from livingmeta.paths import ROOT

CONTRACT = {
    *("measure", "method", "test", "k", "df", "estimate", "se", "statistic", "p_value"),
    *("ci_lower", "ci_upper"),
    *("pi_lower", "pi_upper", "pi_df", "tau2", "tau2_ci_lower", "tau2_ci_upper", "i2", "h2", "i2_q", "h2_q"),
    *("q", "q_df", "q_p", "scale", "pooled", "reason"),
    *("display", "studies", "excluded", "warnings", "sensitivity"),
}
DISPLAY = {"estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper"}
TABLES = [
    ("alpha", 1990, 4, 119, 11, 128),
    ("beta", 1992, 6, 306, 29, 303),
    ("gamma", 1995, 3, 231, 11, 220),
    ("delta", 1999, 62, 13598, 248, 12867),
    ("epsilon", 2001, 33, 5069, 47, 5808),
]
METAFOR = ["trial", "year", "ai", "n1i", "ci", "n2i"]
OURS = ["study", "year", "events_treatment", "n_treatment", "events_control", "n_control"]


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, [str(x) for x in arguments])


@pytest.fixture
def file(tmp_path):
    def write(rows=TABLES, columns=METAFOR, name="trials.csv"):
        path = tmp_path / name
        pd.DataFrame(list(rows), columns=list(columns)).to_csv(path, index=False)
        return path

    return write


@pytest.fixture
def record(run):
    def analysed(*arguments):
        done = run("analyse", *arguments, "--format", "json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return analysed


# Help and exit codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [None, *main.commands])
def test_help_explains_and_gives_examples(run, verb):
    done = run(*([verb] if verb else []), "--help")
    assert done.exit_code == 0
    assert "Examples:" in done.output
    assert f"livingmeta {verb or ''}".strip() in done.output.partition("Examples:")[2]
    assert len(done.output.partition("Usage:")[2].splitlines()) > 5


@pytest.mark.parametrize("verb", main.commands)
def test_every_option_is_explained_or_says_its_choices(verb):
    for parameter in main.commands[verb].params:
        if isinstance(parameter, click.Option):
            choices = isinstance(parameter.type, click.Choice | click.types._NumberRangeBase)
            assert parameter.help or choices or parameter.metavar, parameter.name


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("analyse",),
        ("analyse", "no-such-file.csv", "--measure", "OR"),
        ("check", "--no-such-option"),
        ("build", "--jobs", "0"),
    ],
)
def test_wrong_usage_is_2(run, arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--measure", "OR", "--test", "bayes"),
        ("--measure", "OR", "--level", "100"),
        ("--measure", "OR", "--to", "some"),
        ("--measure", "OR", "--columns", "ai"),
        ("--measure", "OR", "--pi-df", "7"),
    ],
    ids=str,
)
def test_wrong_options_are_2(run, file, options):
    assert run("analyse", file(), *options).exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--measure", "XX"), "measure 'XX': must be one of OR, RR"),
        (("--measure", "OR", "--method", "XX"), "must be one of EE, DL"),
        (("--measure", "OR", "--columns", "ai=deaths"), "'deaths' is not in the file"),
        (("--measure", "OR", "--where", "size > 3"), "condition 'size > 3'"),
        (("--measure", "OR", "--where", "year > soon"), "order needs a number"),
        (("--measure", "OR", "--study", "author"), "'author' is not in the file"),
        (("--measure", "OR", "--where", "year == 1900"), "no usable row"),
        (("--measure", "SMD"), "no usable row"),
        (("--measure", "PETO", "--method", "MH"), "method MH has no PETO"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_request_at_fault_is_1_and_says_why(run, file, options, said):
    done = run("analyse", file(), *options)
    assert done.exit_code == 1
    assert all(word in done.stderr for word in said.split(" of ")[0].split(", ")[:1])
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""
    assert "Traceback" not in done.output


def test_an_unreadable_file_is_1_with_line_and_rule(run, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(b"study,yi,vi\nM\xfcnchen,1,1\n")
    done = run("analyse", path, "--measure", "GEN")
    assert done.exit_code == 1
    assert ":2::" in done.stderr and "UTF-8" in done.stderr


@pytest.mark.parametrize("content", ["", "study,yi,vi\n"], ids=["no header", "no row"])
def test_an_empty_file_is_1(run, tmp_path, content):
    path = tmp_path / "empty.csv"
    path.write_text(content)
    done = run("analyse", path, "--measure", "GEN")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")


def test_check_of_good_data_is_0(run):
    done = run("check", "--data", ROOT / "data")
    assert done.exit_code == 0, done.output
    assert "0 faults" in done.output


def test_check_of_bad_data_is_1_and_lists_the_fault(run, tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    path = tmp_path / "data" / "effects" / "ami-early-death.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.loc[0, "events_treatment"] = "99"
    rows.to_csv(path, index=False)
    done = run("check", "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert "effects/ami-early-death.csv:2:events_treatment: 99: " in done.stderr


def test_version(run):
    assert run("--version").output.startswith("livingmeta, version ")


# The record ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["REML", "DL", "EE", "MH", "PETO"])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_every_contract_key_is_there(record, file, method, k):
    made = record(file(TABLES[:k]), "--measure", "OR", "--method", method)
    assert set(made) >= CONTRACT
    assert set(made["display"]) == DISPLAY
    assert all(set(row) >= {"study", "yi", "vi", "weight"} for row in made["studies"])
    assert made["k"] == k == len(made["studies"])
    assert (made["measure"], made["method"], made["scale"]) == ("OR", method, "log")


def test_what_is_undefined_is_null(record, file):
    one = record(file(TABLES[:1]), "--measure", "OR")
    undefined = ("df", "pi_lower", "pi_upper", "pi_df", "tau2", "tau2_ci_lower", "i2", "h2", "q", "q_p")
    assert all(one[key] is None for key in undefined)
    assert (one["test"], one["pooled"]) == ("z", False)
    assert one["warnings"]
    assert record(file(TABLES[:2]), "--measure", "OR")["pi_lower"] is None
    assert record(file(TABLES[:3]), "--measure", "OR")["pi_lower"] is not None
    common = record(file(), "--measure", "OR", "--method", "MH")
    assert common["tau2"] is common["pi_lower"] is common["df"] is None


def test_numbers_keep_full_precision_and_display_is_back_transformed(record, file):
    made = record(file(), "--measure", "OR")
    yi = [math.log(a * (n2 - c) / ((n1 - a) * c)) for _, _, a, n1, c, n2 in TABLES]
    assert [row["yi"] for row in made["studies"]] == pytest.approx(yi, rel=1e-14)
    for key in DISPLAY:
        assert made["display"][key] == pytest.approx(math.exp(made[key]), rel=1e-14)
    assert sum(row["weight"] for row in made["studies"]) == pytest.approx(100)
    assert [row["study"] for row in made["studies"]] == [row[0] for row in TABLES]


def test_json_is_json_of_any_reader(run, file):
    text = run("analyse", file(TABLES[:1]), "--measure", "RD", "--format", "json").stdout
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("columns", [METAFOR, OURS], ids=["metafor", "ours"])
def test_metafor_names_are_accepted_like_ours(record, file, columns):
    made = record(file(columns=columns), "--measure", "RR")
    assert made == record(file(columns=METAFOR, name="other.csv"), "--measure", "RR")


def test_tables_by_cells(record, file):
    rows = [(s, y, a, n1 - a, c, n2 - c) for s, y, a, n1, c, n2 in TABLES]
    made = record(file(rows, ["trial", "year", "ai", "bi", "ci", "di"]), "--measure", "OR")
    assert made["estimate"] == record(file(name="b.csv"), "--measure", "OR")["estimate"]


def test_columns_are_explained(record, file):
    odd = file(columns=["who", "when", "dead1", "all1", "dead2", "all2"])
    explained = "ai=dead1,n1i=all1,events_control=dead2,n_control=all2"
    made = record(odd, "--measure", "OR", "--columns", explained, "--study", "who")
    assert made == record(file(name="b.csv"), "--measure", "OR")


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        (["year >= 1995"], ["gamma", "delta", "epsilon"]),
        (["year >= 1992", "year < 1999"], ["beta", "gamma"]),
        (["trial == 'alpha'"], ["alpha"]),
        (["trial != alpha", "year<=1992"], ["beta"]),
    ],
    ids=str,
)
def test_where_chooses_rows(record, file, conditions, names):
    options = [x for condition in conditions for x in ("--where", condition)]
    assert [row["study"] for row in record(file(), "--measure", "OR", *options)["studies"]] == names


def test_level(record, file):
    wide, usual = record(file(), "--measure", "OR"), record(file(), "--measure", "OR", "--level", "90")
    assert usual["level"] == 90
    assert wide["ci_lower"] < usual["ci_lower"] < usual["ci_upper"] < wide["ci_upper"]


@pytest.mark.parametrize(("df", "expected"), [("k-1", 4), ("k-2", 3), ("normal", None)])
def test_pi_df(record, file, df, expected):
    made = record(file(), "--measure", "OR", "--pi-df", df)
    assert made["pi_df"] == expected
    assert made["pi_lower"] < made["ci_lower"]


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_test(record, file, test):
    made = record(file(), "--measure", "OR", "--test", test)
    assert made["test"] == test
    assert made["df"] == (None if test == "z" else 4)
    assert made["statistic"] == pytest.approx(made["estimate"] / made["se"])


ZEROS = [*TABLES[:2], ("none", 2002, 0, 50, 3, 50), ("empty", 2003, 0, 40, 0, 41)]


def test_zero_cells_are_corrected_and_said(record, file):
    made = record(file(ZEROS), "--measure", "OR")
    assert made["studies"][2]["yi"] == pytest.approx(math.log(0.5 * 47.5 / (50.5 * 3.5)))
    assert any("0.5 added" in text and "1 of 3" in text for text in made["warnings"])
    assert [(row["line"], row["study"]) for row in made["excluded"]] == [(5, "empty")]
    assert "double-zero" in made["excluded"][0]["reason"]


@pytest.mark.filterwarnings("error")
def test_zero_cells_left_as_they_are_cannot_enter_a_ratio(record, file):
    made = record(file(ZEROS), "--measure", "OR", "--to", "none")
    assert made["k"] == 2
    assert {row["study"] for row in made["excluded"]} == {"none", "empty"}
    assert all(row["reason"] for row in made["excluded"])


def test_double_zero_tables_enter_when_asked(record, file):
    assert record(file(ZEROS), "--measure", "OR", "--keep-double-zero")["k"] == 4
    assert record(file(ZEROS), "--measure", "RD")["k"] == 4


@pytest.mark.filterwarnings("error")
def test_double_zero_tables_change_nothing_in_peto(record, file):
    with_them = record(file(ZEROS), "--measure", "OR", "--method", "PETO", "--keep-double-zero")
    without = record(file(ZEROS, name="b.csv"), "--measure", "OR", "--method", "PETO")
    for key in ("estimate", "se", "q", "q_df", "q_p", "i2"):
        assert with_them[key] == pytest.approx(without[key])


def test_add_to_all(record, file):
    made = record(file(), "--measure", "OR", "--to", "all", "--add", "1")
    _, _, a, n1, c, n2 = TABLES[0]
    expected = math.log((a + 1) * (n2 - c + 1) / ((n1 - a + 1) * (c + 1)))
    assert made["studies"][0]["yi"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("bad", 2000, 60, 50, 3, 50), "events"),
        (("bad", 2000, -1, 50, 3, 50), "events"),
        (("bad", 2000, 3, 0, 3, 50), "n must be > 0"),
        (("bad", 2000, None, 50, 3, 50), "no complete set of columns"),
        (("bad", 2000, "many", 50, 3, 50), "no complete set of columns"),
    ],
    ids=["events > n", "negative", "n = 0", "missing", "text"],
)
def test_a_row_that_cannot_enter_is_listed_with_its_line_and_reason(run, record, file, row, said):
    path = file([*TABLES, row])
    made = record(path, "--measure", "OR")
    assert made["k"] == 5
    assert [(item["line"], item["study"]) for item in made["excluded"]] == [(7, "bad")]
    assert said in made["excluded"][0]["reason"]
    text = run("analyse", path, "--measure", "OR").stdout
    assert f"not entered: trials.csv:7: bad: {made['excluded'][0]['reason']}" in text


def test_no_usable_row_names_every_one(run, file):
    done = run("analyse", file([("a", 1, 60, 50, 1, 50), ("b", 2, 5, 4, 1, 50)]), "--measure", "OR")
    assert done.exit_code == 1
    assert "trials.csv:2: a:" in done.stderr and "trials.csv:3: b:" in done.stderr


def test_sizes_beyond_32_bits(record, file):
    huge = [(f"s{i}", 2000, 30_000_000 + i, 3_000_000_000, 31_000_000, 3_000_000_000) for i in range(3)]
    for method in ("REML", "MH", "PETO"):
        made = record(file(huge), "--measure", "OR", "--method", method)
        assert made["display"]["estimate"] == pytest.approx(0.967, abs=0.001)
        assert 0 < made["se"] < 0.001


def test_generic_effects_by_variance_or_standard_error(record, file):
    rows = [("a", 0.1, 0.04), ("b", 0.3, 0.09), ("c", -0.2, 0.01)]
    by_v = record(file(rows, ["study", "yi", "vi"]), "--measure", "GEN")
    by_se = [(s, y, math.sqrt(v)) for s, y, v in rows]
    by_s = record(file(by_se, ["study", "yi", "sei"], "b.csv"), "--measure", "GEN")
    assert by_s["estimate"] == pytest.approx(by_v["estimate"])
    assert by_v["display"]["estimate"] == by_v["estimate"]


def test_reported_ratios_at_any_level(record, file):
    rows = [("a", 1.5, 1.2, 1.875, 95), ("b", 1.5, 1.2, 1.875, 90), ("c", 1.1, 0.9, 1.3444, 95)]
    made = record(file(rows, ["study", "estimate", "ci_lower", "ci_upper", "ci_level"]), "--measure", "HR")
    half = math.log(1.875 / 1.2) / 2
    assert math.sqrt(made["studies"][0]["vi"]) == pytest.approx(half / 1.959964, rel=1e-6)
    assert math.sqrt(made["studies"][1]["vi"]) == pytest.approx(half / 1.644854, rel=1e-6)


def test_means_and_correlations(record, file):
    means = [("a", 10, 2, 30, 8, 2, 30), ("b", 11, 3, 20, 8, 2, 25), ("c", 9, 2, 40, 8, 2, 41)]
    columns = ["study", "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"]
    assert record(file(means, columns), "--measure", "MD")["studies"][0]["yi"] == 2
    assert record(file(means, columns), "--measure", "SMD")["studies"][0]["yi"] < 1
    made = record(file([("a", -0.4, 50), ("b", -0.3, 60)], ["study", "ri", "ni"]), "--measure", "ZCOR")
    assert made["display"]["estimate"] == pytest.approx(math.tanh(made["estimate"]))


def test_rows_without_a_name_are_named_by_their_line(record, file):
    made = record(file([(0.1, 0.04), (0.2, 0.04)], ["yi", "vi"]), "--measure", "GEN")
    assert [row["study"] for row in made["studies"]] == ["row 2", "row 3"]


def test_text_names_every_choice(run, file):
    text = run("analyse", file(), "--measure", "OR").stdout
    assert text.startswith("odds ratio, REML, adhoc; k = 5\n")
    assert "95% prediction interval" in text
    assert "tau2 = " in text and "I2 = " in text
    assert all(row[0] in text for row in TABLES)
    assert " -0." not in text and "(-" not in text


def test_the_same_call_gives_the_same_bytes(run, file):
    path = file()
    first, second = (run("analyse", path, "--measure", "OR", "--format", "json").stdout for _ in range(2))
    assert first == second


def test_random_tables_never_crash(run, file):
    random = np.random.default_rng(1)
    for k in range(1, 8):
        n = random.integers(1, 30, (k, 2))
        rows = [(f"s{i}", 2000, *sum(((random.integers(0, m + 1), m) for m in n[i]), ())) for i in range(k)]
        for method in ("REML", "MH", "PETO"):
            done = run("analyse", file(rows), "--measure", "OR", "--method", method, "--format", "json")
            assert done.exit_code in (0, 1), done.output
            assert done.exit_code == 0 or done.stderr.startswith("error: ")


def test_parts_of_an_analysis_stand_in_the_record_under_their_names(run, file):
    done = run("analyse", file(), "--measure", "OR", "--with", "leave_one_out,egger", "--format", "json")
    record = json.loads(done.stdout)
    assert [item["study"] for item in record["leave_one_out"]] == [row[0] for row in TABLES]
    assert record["egger"]["p_value"] is None and "5 studies" in record["egger"]["reason"]


def test_a_named_moderator_asks_for_its_regression(run, file):
    done = run("analyse", file(), "--measure", "OR", "--moderator", "year", "--format", "json")
    assert [c["name"] for c in json.loads(done.stdout)["meta_regression"]["coefficients"]] == [
        "intercept",
        "year",
    ]


@pytest.mark.parametrize("option", ["--moderator", "--subgroup", "--cluster", "--order"])
def test_a_column_that_is_not_there_is_named(run, file, option):
    done = run("analyse", file(), "--measure", "OR", option, "nowhere")
    assert done.exit_code == 1 and "'nowhere'" in done.stderr


@pytest.mark.parametrize("options", [("--with", "magic"), ("--with", "three_level"), ("--add", "-1")])
def test_a_part_or_number_that_cannot_be_is_wrong_usage(run, file, options):
    assert run("analyse", file(), "--measure", "OR", *options).exit_code == 2


def test_a_study_named_twice_is_noted(run, file):
    done = run("analyse", file([*TABLES, TABLES[0]]), "--measure", "OR")
    assert f"{TABLES[0][0]} stands in 2 rows" in done.stdout
