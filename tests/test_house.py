"""Does the house stand as `book/architecture.md` draws it?"""

import ast
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "pipelines" / "livingmeta"
NOTEBOOKS = sorted((ROOT / "pipelines" / "notebooks").glob("*.ipynb"))
FILES = sorted(LIBRARY.rglob("*.py"))
MOST_LINES = 400
# An extension of Sphinx: it stands beside the order and nothing imports it.
BESIDE = {"mathml", "theme"}
ENTRANCES = {"__init__", "__main__"}


def name_of(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def module_of(path: Path) -> str:
    """Return the module or package of the library that a file belongs to."""
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def drawn_order() -> list[str]:
    text = (ROOT / "book" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## The modules")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the library modules that a file imports, anywhere in it, as dotted names."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "livingmeta")


def edges() -> set[tuple[str, str]]:
    """Return which module or package imports which other one."""
    modules = {module_of(path) for path in FILES}
    found = set()
    for path in FILES:
        for name in imported(path):
            parts = name.split(".")
            if parts[1] in modules and parts[1] != module_of(path):
                found.add((module_of(path), parts[1]))
    return found


def test_the_drawn_order_names_every_module():
    modules = {module_of(path) for path in FILES} - ENTRANCES - BESIDE
    assert sorted(drawn_order()) == sorted(modules)


def test_a_module_imports_only_from_modules_above_it():
    order = {name: i for i, name in enumerate(drawn_order())}
    below = [(a, b) for a, b in sorted(edges()) if order.get(b, -1) > order.get(a, len(order))]
    assert not below, f"imports from below: {below}"


def test_what_stands_beside_is_not_imported():
    assert not {b for _, b in edges()} & BESIDE


def test_there_is_no_cycle_inside_a_package():
    files = {"livingmeta." + name_of(p).removesuffix(".py").replace("/", "."): p for p in FILES}
    packages = {name.removesuffix(".__init__") for name in files if name.endswith(".__init__")}

    def target(name: str) -> str | None:
        for candidate in (name, name.rpartition(".")[0]):
            if candidate in files:
                return candidate
            if candidate in packages:
                return f"{candidate}.__init__"
        return None

    graph = {name: {target(x) for x in imported(path)} - {None, name} for name, path in files.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for following in sorted(graph[name]):
                visit(following, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_module_is_longer_than_it_should_be(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def public(path: Path) -> Iterator[ast.AST]:
    tree = tree_of(path)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node
            yield from (
                item
                for item in node.body
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and not item.name.startswith("_")
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_everything_public_says_what_it_is(path):
    assert ast.get_docstring(tree_of(path)), f"{name_of(path)} has no docstring"
    silent = [node.name for node in public(path) if not ast.get_docstring(node)]
    assert not silent


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_place_for_leftovers(path):
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "base"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_thin_and_stripped(path):
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    assert cells
    for cell in cells:
        assert cell["outputs"] == [] and cell["execution_count"] is None
        tree = ast.parse("".join(cell["source"]))
        logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.If, ast.IfExp)
        assert not [node for node in ast.walk(tree) if isinstance(node, logic)], cell["source"]


def studies() -> list[dict[str, str]]:
    with (ROOT / "data" / "studies.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", [*FILES, *NOTEBOOKS], ids=lambda path: path.name)
def test_code_names_no_study(path):
    text = path.read_text(encoding="utf-8").lower()
    # A label of one common word, such as a place, says nothing; one with a year or a digit does.
    names = {row[column].lower() for row in studies() for column in ("study_id", "label")}
    telling = [name for name in names if re.search(r"\d", name)]
    found = sorted(name for name in telling if re.search(rf"\b{re.escape(name)}\b", text))
    assert not found


def test_there_are_studies_to_look_for():
    assert len(studies()) > 50 and NOTEBOOKS and len(FILES) > 20
