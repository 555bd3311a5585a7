"""Records kept by everything that they follow from, so that the same evidence is analysed once.

A record follows from its question, the rows of its table, what other tables say of those rows
and of the question, the schema, the code and the packages. All of that makes its key; whoever
asks with the same key gets the same record, whichever folder or revision the rows lie in. What
is analysed are those rows alone, so that nothing outside the key can reach a record.
"""

import contextlib
import hashlib
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from livingmeta.analysis import analyse
from livingmeta.files import write_atomically
from livingmeta.inputs import digest
from livingmeta.questions import Question
from livingmeta.results import question_record, to_json
from livingmeta.schema import SCHEMA_FILE, load_schema
from livingmeta.studies import TABLES, DataError, Studies, read_text_table

# Which column of a table says that a row belongs to a question: by its study, its effect, itself.
BY_STUDY, BY_EFFECT, BY_QUESTION = "study_id", "effect_id", "question_id"
LOOKED_UP = {
    "studies": BY_STUDY,
    "groups": BY_EFFECT,
    "risk_of_bias": BY_EFFECT,
    "certainty": BY_QUESTION,
}
FOR_ALL = ("instruments",)
PACKAGES = ("numpy", "scipy", "pandas", "PyMARE")
MOST = 2000  # files that are kept; beyond that the oldest go
Ids = Mapping[str, frozenset[str]]
RowsByKey = dict[str, list[str]]


@dataclass(frozen=True)
class KeptRecords:
    """Records as JSON text, in memory and, where there is a folder, in files.

    Parameters
    ----------
    folder : Path or None
        Where they are kept for the next run; one that cannot be written is no hindrance.
    """

    folder: Path | None = None
    known: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def texts(self, data: Path, questions: Mapping[str, Question], studies: Studies) -> dict[str, str]:
        """Return the unsigned record of each question as JSON text, made where none is kept.

        Parameters
        ----------
        data : Path
            Folder of the curated tables.
        questions : mapping of str to Question
            Questions by id.
        studies : Studies
            The tables of that folder, typed.
        """
        tables = _Tables(data)
        texts = {name: self._text(question, tables, studies) for name, question in questions.items()}
        self._prune()
        return texts

    def _text(self, question: Question, tables: "_Tables", studies: Studies) -> str:
        try:
            key, ids = tables.key(question)
        except DataError:  # the analysis says what is wrong, as it always does
            return to_json(question_record(analyse(question, studies)))
        text = self.known.get(key) or self._read(key)
        if text is None:
            text = to_json(question_record(analyse(question, narrowed(studies, question, ids))))
            self._write(key, text)
        self.known[key] = text
        return text

    def _read(self, key: str) -> str | None:
        """Return a kept text, None where there is none or it is not as it was written."""
        if self.folder is None:
            return None
        with contextlib.suppress(OSError, UnicodeDecodeError):
            hashed, _, text = (self.folder / f"{key}.txt").read_text(encoding="utf-8").partition("\n")
            return text if hashed == _hash(text) else None
        return None

    def _write(self, key: str, text: str) -> None:
        if self.folder is not None:
            with contextlib.suppress(OSError):
                write_atomically(self.folder / f"{key}.txt", f"{_hash(text)}\n{text}")

    def _prune(self) -> None:
        if self.folder is None or not self.folder.is_dir():
            return
        with contextlib.suppress(OSError):
            paths = list(self.folder.glob("*.txt"))
            if len(paths) > MOST:
                for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-MOST]:
                    path.unlink(missing_ok=True)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def narrowed(studies: Studies, question: Question, ids: Ids) -> Studies:
    """Return the rows that the record of a question follows from; other tables are without columns.

    Parameters
    ----------
    ids : mapping of str to frozenset of str
        Values of `study_id`, `effect_id` and `question_id` whose rows belong to the question.
    """
    tables = {name: pd.DataFrame() for name in TABLES}
    tables |= {name: getattr(studies, name) for name in FOR_ALL}
    for name, column in LOOKED_UP.items():
        table: pd.DataFrame = getattr(studies, name)
        tables[name] = table[table[column].isin(ids[column])] if column in table else table
    rows = studies.effects[question.effects].assign(file=question.effects)
    return replace(studies, **tables, effects={question.effects: rows})


class _Tables:
    """The curated tables of one folder as text, by what the record of a question looks them up by."""

    def __init__(self, data: Path):
        self._data = data
        self._shared = [*_software(), (data / SCHEMA_FILE).read_bytes()]
        schema = load_schema(data)
        paths = {name: table.path for name, table in schema.tables.items()}
        self._by = {name: self._rows_by(paths[name], by) for name, by in LOOKED_UP.items() if name in paths}
        self._shared += [_bytes(self._rows(paths[name])) for name in FOR_ALL if name in paths]

    def _rows(self, path: str) -> list[str]:
        return [repr(row) for _, row in read_text_table(self._data / path).records()]

    def _rows_by(self, path: str, column: str) -> RowsByKey:
        found: RowsByKey = {}
        for _, row in read_text_table(self._data / path).records():
            found.setdefault(row.get(column, ""), []).append(repr(row))
        return found

    def key(self, question: Question) -> tuple[str, Ids]:
        """Return the key of a question's record, and the ids that belong to it.

        Raises
        ------
        DataError
            When its table cannot be read.
        """
        table = read_text_table(self._data / "effects" / question.effects)
        rows = list(table.records())
        ids = {column: frozenset(row.get(column, "") for _, row in rows) for column in (BY_STUDY, BY_EFFECT)}
        ids[BY_QUESTION] = frozenset([question.id])
        own = [_bytes([repr(question), repr(table.columns), *map(repr, rows)])]
        for name, by in self._by.items():
            own.append(
                _bytes([name, *(row for one in sorted(ids[LOOKED_UP[name]]) for row in by.get(one, ()))])
            )
        return digest([*self._shared, *own]), ids


def _bytes(parts: Iterable[str]) -> bytes:
    return digest(part.encode() for part in parts).encode()


@cache
def _software() -> tuple[bytes, ...]:
    """Return what stands for the code that makes a record: its bytes, Python and the packages."""
    library = Path(__file__).parent
    sources = sorted(library.rglob("*.py"))
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    names = [path.relative_to(library).as_posix() for path in sources]
    return (
        _bytes([platform.python_version(), platform.machine(), *packages, *names]),
        digest(path.read_bytes() for path in sources).encode(),
    )
