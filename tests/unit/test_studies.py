import math

import numpy as np
import pandas as pd
import pytest

from livingmeta.paths import Project
from livingmeta.schema import Field, TableSchema
from livingmeta.studies import (
    TABLES,
    DataError,
    decimals,
    is_whole,
    load_studies,
    matches,
    number,
    read_text_table,
    select,
    typed,
    with_derived,
)


def written(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_any_line_ending_and_byte_order_mark(tmp_path, start, end):
    text = end.join(["id,note", "a,München", "b,ärztlich – μmol", ""])
    table = read_text_table(written(tmp_path, start + text.encode()))
    assert table.columns == ("id", "note")
    assert table.rows == (("a", "München"), ("b", "ärztlich – μmol"))
    assert table.lines == (2, 3)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_the_file_after_quoted_breaks_and_blank_lines(tmp_path, end):
    text = end.join(["id,note", 'a,"two', 'lines, ""quoted"""', "", ",", "b,x"])
    table = read_text_table(written(tmp_path, text))
    assert table.lines == (2, 6)
    assert table.rows[0][1].split() == ["two", "lines,", '"quoted"']


def test_short_and_long_rows_are_told(tmp_path):
    table = read_text_table(written(tmp_path, "a,b\n1\n1,2,3\n1,2\n"))
    assert table.ragged == ((2, 1), (3, 3))
    assert table.rows == (("1", ""), ("1", "2"), ("1", "2"))


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (b"", 1, "header"),
        (b"\n\n", 1, "header"),
        (b"id\nok\n\xe4rger\n", 3, "UTF-8"),
        (b'id,x\na,1\n"b,2\nc,3\n', 3, "not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(tmp_path, content, line, rule):
    with pytest.raises(DataError, match=rule) as caught:
        read_text_table(written(tmp_path, content), "data/x.csv")
    assert str(caught.value).startswith(f"data/x.csv:{line}:")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(DataError, match="must exist"):
        read_text_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", 1.5),
        ("-.5", -0.5),
        ("1e-3", 0.001),
        ("", None),
        ("1,5", None),
        ("NaN", None),
        ("1_0", None),
        ("1e999", None),
        ("١", None),
    ],
)
def test_number(text, value):
    assert number(text) == value


def test_whole_numbers_and_printed_decimals():
    assert is_whole("12")
    assert not is_whole("12.0")
    assert [decimals(text) for text in ("12", "1.30", "0.001", "1e-3")] == [0, 2, 3, 0]


SCHEMA = TableSchema(
    "t",
    "t.csv",
    tuple(
        Field(name, kind)
        for name, kind in [("id", "string"), ("n", "integer"), ("x", "number"), ("is_main", "boolean")]
    ),
)


def test_typed_frame(tmp_path):
    table = read_text_table(written(tmp_path, "id,n,is_main\na,1,true\n,,\nb,,\n"))
    frame, errors = typed(table, SCHEMA, "data/t.csv")
    assert not errors
    assert list(frame.columns) == ["id", "n", "x", "is_main", "line", "file"]
    assert frame["n"].dtype == frame["x"].dtype == np.float64
    assert frame["id"].dtype == object
    assert frame["is_main"].tolist() == [True, None]
    assert frame["line"].tolist() == [2, 4]
    assert frame["x"].isna().all()


def test_cells_of_the_wrong_type_are_listed_and_missing(tmp_path):
    table = read_text_table(written(tmp_path, "id,n,x,is_main\na,1.5,many,perhaps\n"))
    frame, errors = typed(table, SCHEMA, "data/t.csv")
    assert [str(error) for error in errors] == [
        "data/t.csv:2:n: 1.5: must be a whole number",
        "data/t.csv:2:x: many: must be a number",
        "data/t.csv:2:is_main: perhaps: must be true or false",
    ]
    assert frame[["n", "x", "is_main"]].isna().all(axis=None)


def test_a_table_without_rows_keeps_its_types(tmp_path):
    frame, _ = typed(read_text_table(written(tmp_path, "id,n\n")), SCHEMA)
    assert frame.empty
    assert frame["n"].dtype == np.float64


def test_select_by_value_and_list():
    rows = pd.DataFrame({"role": ["a", "b", None, "a"], "year": [1.0, 2.0, 3.0, 2.0]})
    assert select(rows, {"role": "a"}).index.tolist() == [0, 3]
    assert select(rows, {"role": ["a", "b"], "year": 2}).index.tolist() == [1, 3]
    assert select(rows, None, {"role": "a"}).index.tolist() == [1, 2]
    assert select(rows, {}, {"role": "a", "year": 1}).index.tolist() == [1, 2, 3]
    assert matches(rows, {}).all()


def derivable(**cells):
    columns = dict.fromkeys(
        ["r", "p_value", "n_analysed", "estimate", "ci_lower", "ci_upper"]
        + [f"{name}_{arm}" for name in ("events", "percent", "n") for arm in ("treatment", "control")],
        math.nan,
    )
    return pd.DataFrame([{"derivation": None, **columns, **cells}])


def test_derivations_fill_what_was_not_printed_and_nothing_else():
    r = with_derived(derivable(derivation="n_from_r_and_p", r=-0.30, p_value=0.079)).iloc[0]
    assert (r["n_analysed"], r["r"]) == (35, -0.30)
    percents = {"percent_treatment": 10.0, "n_treatment": 50.0, "percent_control": 20.0, "n_control": 51.0}
    counts = with_derived(derivable(derivation="events_from_percent", **percents)).iloc[0]
    assert (counts["events_treatment"], counts["events_control"]) == (5, 10)
    ratio = {"estimate": 0.5, "ci_lower": 0.25, "ci_upper": 0.8}
    inverted = with_derived(derivable(derivation="invert_ratio", **ratio)).iloc[0]
    assert inverted[list(ratio)].tolist() == [2.0, 1.25, 4.0]


def test_a_derivation_without_its_figures_changes_nothing():
    rows = derivable(derivation="n_from_r_and_p", r=-0.30)
    pd.testing.assert_frame_equal(with_derived(rows), rows)


def test_the_projects_own_tables_load():
    studies = load_studies(Project().data)
    assert all(isinstance(getattr(studies, name), pd.DataFrame) for name in TABLES)
    assert not studies.studies.empty
    for name, frame in studies.effects.items():
        assert name.endswith(".csv")
        assert frame["line"].iloc[0] == 2
        assert frame["file"].eq(f"data/effects/{name}").all()
        assert frame["estimate"].dtype == np.float64


def test_loading_stops_at_the_first_cell_that_is_no_number(tmp_path):
    import shutil

    data = tmp_path / "data"
    shutil.copytree(Project().data, data)
    path = data / "studies.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("n_total")
    cells = ["x"] + [""] * (lines[0].count(","))
    cells[column] = "many"
    path.write_text("\n".join([lines[0], ",".join(cells)]), encoding="utf-8")
    with pytest.raises(DataError, match=r"data/studies.csv:2:n_total: many: must be a whole number"):
        load_studies(data)
