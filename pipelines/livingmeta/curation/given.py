"""What somebody gave for a new study: rows by table, from flags, a YAML file or a CSV file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.drafts import RequestError
from livingmeta.effect_sizes.columns import ALIASES
from livingmeta.schema import Schema, TableSchema
from livingmeta.studies import DataError, read_text_table
from livingmeta.table_files import EFFECTS, Cells

# Each part by the names it may be given under; the first is that of its flag.
PARTS = {
    "studies": ("study", "studies"),
    "reports": ("report", "reports"),
    "effects": ("effect", "effects"),
    "groups": ("group", "groups"),
    "screening": ("screening",),
}
FILE_KEY, RECORD_KEY = "effects_file", "record"
_METAFOR = {**ALIASES, "ni": "n_analysed"}
_PART_OF = {name: part for part, names in PARTS.items() for name in names}


@dataclass(frozen=True)
class Given:
    """Rows as they were given, by part, with the effects file and the record that was screened.

    Parameters
    ----------
    rows : mapping of str to tuple of mapping of str to str
        By the parts of PARTS; blank cells are left out.
    effects_file : str
        Name of the file without its folder and ending.
    record : str
        `record_id` of the record that becomes the study, empty where there is none.
    """

    rows: Mapping[str, tuple[Cells, ...]] = field(default_factory=dict)
    effects_file: str = ""
    record: str = ""

    def of(self, part: str) -> tuple[Cells, ...]:
        """Return the rows of a part."""
        return tuple(self.rows.get(part, ()))

    def with_rows(self, part: str, rows: Iterable[Cells]) -> "Given":
        """Return the same with other rows of a part."""
        return Given({**self.rows, part: tuple(rows)}, self.effects_file, self.record)

    def over(self, other: "Given") -> "Given":
        """Return both, where this one says more of the only row of a part that the other has.

        Raises
        ------
        RequestError
            When the other one has several rows of a part, of which none is meant.
        """
        rows = {part: list(other.of(part)) for part in PARTS}
        for part in PARTS:
            for row in self.of(part):
                if len(rows[part]) > 1:
                    flag = PARTS[part][0]
                    raise RequestError([f"--{flag}: the file has {len(rows[part])} rows of it: say it there"])
                rows[part] = [{**(rows[part][0] if rows[part] else {}), **row}]
        kept = {part: tuple(found) for part, found in rows.items()}
        return Given(kept, self.effects_file or other.effects_file, self.record or other.record)


def given_by_flags(
    schema: Schema, flags: Mapping[str, Sequence[str]], effects_file: str = "", record: str = ""
) -> Given:
    """Return what was given as `COLUMN=VALUE`, one row a part.

    Raises
    ------
    RequestError
        With every flag that has no column, or none of the table.
    """
    problems: list[str] = []
    rows = {
        part: (_named(pairs(values, f"--{PARTS[part][0]}", problems), _schema(schema, part), part, problems),)
        for part, values in flags.items()
        if values
    }
    if problems:
        raise RequestError(problems)
    return Given(rows, _stem(effects_file), record)


def given_by_file(path: Path, schema: Schema) -> Given:
    """Return what a file gives: a YAML file with a block for each part, or a CSV file.

    In a CSV file each row is an effect; columns of other tables carry its part, `study.label`.

    Raises
    ------
    RequestError
        With everything in the file that cannot be read.
    """
    read = _read_csv(path) if path.suffix.lower() == ".csv" else _read_yaml(path)
    problems: list[str] = []
    rows: dict[str, tuple[Cells, ...]] = {}
    for part, found in read.rows.items():
        rows[part] = tuple(_named(row, _schema(schema, part), part, problems) for row in found)
    if problems:
        raise RequestError(f"{path}: {problem}" for problem in problems)
    return Given(rows, read.effects_file, read.record)


def pairs(values: Iterable[str], flag: str, problems: list[str]) -> dict[str, str]:
    """Return `NAME=VALUE` texts as a mapping, and note those that are none."""
    found: dict[str, str] = {}
    for text in values:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            problems.append(f"{flag}: {text}: must read COLUMN=VALUE")
        elif name.strip() in found:
            problems.append(f"{flag}: {name.strip()}: is given twice")
        else:
            found[name.strip()] = value.strip()
    return found


def _schema(schema: Schema, part: str) -> TableSchema:
    return schema.effects if part == "effects" else schema.tables[part]


def _named(row: Cells, table: TableSchema, part: str, problems: list[str]) -> dict[str, str]:
    """Return a row under the declared names; metafor's names are understood."""
    named: dict[str, str] = {}
    for name, value in row.items():
        column = name if table.field(name) else _METAFOR.get(name, name)
        if table.field(column) is None:
            hint = did_you_mean(name, table.columns)
            problems.append(f"{PARTS[part][0]}: {name}: must be a column of {table.name}{hint}")
        elif column in named:
            problems.append(f"{PARTS[part][0]}: {column}: is given twice")
        elif value.strip():
            named[column] = value.strip()
    return named


def _stem(name: str) -> str:
    return name.removeprefix(EFFECTS).removesuffix(".csv")


class _Text(yaml.BaseLoader):
    """A loader that leaves every value as it is written, so that 1.40 stays 1.40."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node whose keys are all different."""
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.YAMLError(f"{twice} stands twice in the block of line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> Given:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RequestError([f"{path}: not a YAML file in UTF-8: {' '.join(str(error).split())}"]) from None
    if not isinstance(raw, dict):
        raise RequestError(
            [f"{path}: must hold the blocks {', '.join(names[-1] for names in PARTS.values())}"]
        )
    problems: list[str] = []
    rows: dict[str, tuple[Cells, ...]] = {}
    file = str(raw.get(FILE_KEY) or "")
    for key, block in raw.items():
        if key in (FILE_KEY, RECORD_KEY):
            continue
        part = "effects" if key.startswith(EFFECTS) else _PART_OF.get(key, "")
        file = key if key.startswith(EFFECTS) else file
        if not part or part in rows:
            known = [FILE_KEY, RECORD_KEY, *_PART_OF]
            problems.append(f"{path}: {key}: must be a block, each once{did_you_mean(key, known)}")
        else:
            rows[part] = tuple(_block(block, f"{path}: {key}", problems))
    if problems:
        raise RequestError(problems)
    return Given(rows, _stem(file), str(raw.get(RECORD_KEY) or ""))


def _block(block: Any, where: str, problems: list[str]) -> list[Cells]:
    """Return the rows of a block, which is one row or a list of them."""
    rows = block if isinstance(block, list) else [block] if block else []
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            problems.append(f"{where}: must be one row, or a list of rows, of columns and their values")
            return []
    filled = [{name: value for name, value in row.items() if value.strip()} for row in rows]
    return [row for row in filled if row]


def _read_csv(path: Path) -> Given:
    try:
        table = read_text_table(path)
    except DataError as error:
        raise RequestError([str(error)]) from None
    if table.ragged:
        said = ", ".join(f"line {line}" for line, _ in table.ragged)
        raise RequestError([f"{path}: {said}: must have as many cells as the header"])
    rows: dict[str, list[Cells]] = {}
    for _, cells in table.records():
        for part, row in _parted(cells).items():
            if row and row not in rows.setdefault(part, []):
                rows[part].append(row)
    return Given({part: tuple(found) for part, found in rows.items()})


def _parted(cells: Cells) -> dict[str, dict[str, str]]:
    parted: dict[str, dict[str, str]] = {}
    for name, value in cells.items():
        prefix, dot, column = name.partition(".")
        part, column = (_PART_OF.get(prefix, "effects"), column) if dot else ("effects", name)
        if value:
            parted.setdefault(part, {})[column] = value
    return parted
