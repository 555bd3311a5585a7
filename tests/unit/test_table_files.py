"""Do tables keep every cell when they are written anew, and do added rows go where branches merge?"""

import csv
import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.paths import ROOT
from livingmeta.schema import load_schema
from livingmeta.studies import DataError
from livingmeta.table_files import TableError, read_table, table_names

DATA = ROOT / "data"
SCHEMA = load_schema(DATA)


def folder(tmp_path: Path, name: str, text: str) -> Path:
    data = tmp_path / "data"
    (data / "effects").mkdir(parents=True)
    (data / "datapackage.yaml").write_bytes((DATA / "datapackage.yaml").read_bytes())
    (data / f"{name}.csv").write_bytes(text.encode())
    return data


@pytest.mark.parametrize("name", table_names(DATA, SCHEMA))
def test_every_curated_table_is_in_the_one_form(name: str) -> None:
    table = read_table(DATA, name, SCHEMA)
    assert table.text == (DATA / table.path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["screening", "searches", "corrections"])
def test_tables_that_grow_by_themselves_are_in_the_order_of_their_keys(name: str) -> None:
    table = read_table(DATA, name, SCHEMA)
    keys = [table.key(row) for row in table.rows]
    assert keys == sorted(keys)


def test_a_file_from_a_spreadsheet_is_written_in_the_one_form(tmp_path: Path) -> None:
    text = '\ufeff"search_id","date","source","kind"\r\n"b","2030-01-01","one, two","export"\r\n'
    table = read_table(folder(tmp_path, "searches", text), "searches")
    assert table.text == 'search_id,date,source,kind\nb,2030-01-01,"one, two",export\n'


def test_a_row_goes_among_the_last_rows_by_its_key_and_the_others_stay(tmp_path: Path) -> None:
    text = "search_id,source,kind\nz,s,export\nb,s,export\nd,s,export\n"
    table = read_table(folder(tmp_path, "searches", text), "searches")
    more = table.with_rows([{"search_id": key, "source": "s", "kind": "export"} for key in ("c", "e", "a")])
    assert [row["search_id"] for row in more.rows] == ["z", "a", "b", "c", "d", "e"]


def test_a_declared_column_that_the_file_lacks_comes_in_at_its_place(tmp_path: Path) -> None:
    table = read_table(folder(tmp_path, "searches", "search_id,source,notes\na,s,n\n"), "searches")
    more = table.with_rows([{"search_id": "b", "source": "s", "kind": "export", "date": "2030-01-01"}])
    assert more.columns == ("search_id", "date", "source", "kind", "notes")
    assert more.text.splitlines()[1:] == ["a,,s,,n", "b,2030-01-01,s,export,"]


def test_what_a_table_cannot_take_is_refused_all_at_once(tmp_path: Path) -> None:
    table = read_table(folder(tmp_path, "searches", "search_id,source\na,s\n"), "searches")
    with pytest.raises(TableError, match="a, b: must be a key that no other row has"):
        table.with_rows([{"search_id": "b"}, {"search_id": "b"}, {"search_id": "a"}])
    with pytest.raises(TableError, match=r"colour, shape: must be columns of the schema"):
        table.with_rows([{"search_id": "c", "shape": "round", "colour": "red"}])
    with pytest.raises(TableError, match="x: must be a key of the table"):
        table.with_cell("x", "source", "other")
    with pytest.raises(TableError, match="no-such: must be a table"):
        read_table(DATA, "no-such")


def test_rows_of_another_length_are_not_written_away(tmp_path: Path) -> None:
    data = folder(tmp_path, "searches", "search_id,source\na,s,too much\nb\n")
    with pytest.raises(TableError, match="line 2 has 3 cells; line 3 has 1 cells, the header 2"):
        read_table(data, "searches")


def test_a_file_that_is_missing_or_broken_says_so(tmp_path: Path) -> None:
    data = folder(tmp_path, "searches", 'search_id,source\na,"never closed\n')
    with pytest.raises(DataError, match="not valid CSV"):
        read_table(data, "searches")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])), max_size=4, unique=True)
)
def test_whatever_stands_in_a_cell_is_read_back(values: list[str]) -> None:
    table = read_table(DATA, "searches", SCHEMA)
    cells = [" ".join(value.split()) for value in values]
    rows = [{"search_id": f"made-up-{at}", "notes": value} for at, value in enumerate(cells)]
    back = list(csv.DictReader(io.StringIO(table.with_rows(rows).text)))
    found = {row["search_id"]: row["notes"] for row in back}
    assert [found[f"made-up-{at}"] for at in range(len(cells))] == cells


def test_two_branches_that_add_rows_merge(tmp_path: Path) -> None:
    """Git itself is asked: rows with distant keys added on two branches meet without a conflict."""
    base = read_table(DATA, "screening", SCHEMA)
    one, two = (
        base.with_rows([{"record_id": key, "search_id": "seed-documents"}]) for key in ("made-up-1", "zz-2")
    )
    names = []
    for name, table in (("one", one), ("base", base), ("two", two)):
        (tmp_path / name).write_text(table.text, encoding="utf-8")
        names.append(name)
    done = subprocess.run(["git", "merge-file", "-p", *names], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout == one.with_rows([two.find("zz-2") or {}]).text
