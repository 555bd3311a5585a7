"""A further question of the book: from keys, after another question, or from a file as it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.adding import added, empty_effects
from livingmeta.curation.drafts import Draft, MissingError, RequestError
from livingmeta.curation.given import Given
from livingmeta.curation.question_text import KEYS, question_text
from livingmeta.questions import Question
from livingmeta.schema import load_schema
from livingmeta.table_files import EFFECTS, files_of
from livingmeta.vocabulary import NAME_FORM

# What a question says of its own evidence, which is not that of the question it is made after.
OWN = ("limits", "known_studies", "baseline_risk", "multiverse", "sensitivity", "subgroups", "moderators")
SAID_ANEW = ("title", "question", "text")
LIVING = ("status", "because")


@dataclass(frozen=True)
class Wanted:
    """A question as it is asked for.

    Parameters
    ----------
    id : str
        Its name, in lower case with hyphens.
    keys : mapping of str to object
        Keys and values, `living.status` for a key within a key.
    like : str
        Question that it is made after, empty for none.
    text : str or None
        The text of its file as it is to be written; nothing else is then asked.
    """

    id: str
    keys: Mapping[str, Any]
    like: str = ""
    text: str | None = None


def new_question(data: Path, wanted: Wanted, rows: Given | None = None, day: str = "") -> Draft:
    """Return the edit that adds a question, and its effects file where there is none.

    Parameters
    ----------
    data : Path
        The data folder.
    wanted : Wanted
        The question.
    rows : Given, optional
        Studies and results that come in with it, as `added` takes them.
    day : str
        Today; needed with rows.

    Raises
    ------
    MissingError
        When a key that every question needs was not given.
    RequestError
        With everything else that stands in the way.
    """
    path = f"questions/{wanted.id}.yml"
    problems = _name_problems(data, wanted.id, path)
    if problems:
        raise RequestError(problems)
    text = wanted.text if wanted.text is not None else question_text(_raw(data, wanted))
    effects = _effects_file(text, wanted.id)
    texts: dict[str, str | None] = {path: text if text.endswith("\n") else f"{text}\n"}
    notes: tuple[str, ...] = ()
    if rows is not None:
        more = added(data, _into(rows, effects), day, new_file=True)
        texts, notes = {**texts, **more.texts}, more.notes
    elif effects and not (data / EFFECTS / effects).exists():
        texts |= files_of([empty_effects(load_schema(data), effects.removesuffix(".csv"))])
        notes = (f"{EFFECTS}{effects} is a new file without rows.",)
    return Draft(f"new question {wanted.id}", texts, notes)


def needed_keys() -> tuple[str, ...]:
    """Return the keys that every question needs, in the order of the files; `id` goes without saying."""
    needed = {f.name for f in fields(Question) if f.default is MISSING and f.default_factory is MISSING}
    return tuple(key for key in KEYS if key in needed - {"id"})


def template(name: str) -> str:
    """Return the text of a question file to fill in, with what each key says."""
    needed = {*needed_keys(), "id"}
    known = {"id": name, "order": 99, "method": "REML", "test": "adhoc", "level": 95}
    lines = ["# A new question. Fill in, take out what is not needed, then run:"]
    lines.append(f"# livingmeta new-question {name} --from THIS_FILE")
    for key, said in KEYS.items():
        star = "* " if key in needed else ""
        shown = f"{key}: {known.get(key, '')}".rstrip()
        lines += [f"# {star}{said}", shown if key in needed or key in known else f"# {key}:"]
        lines += [f"  {inner}:" for inner in LIVING] if key == "living" else []
    return "\n".join([*lines, ""])


def question_keys(pairs: Sequence[str]) -> dict[str, Any]:
    """Return `KEY=VALUE` texts with values read as YAML.

    Raises
    ------
    RequestError
        With every text that is none.
    """
    keys: dict[str, Any] = {}
    problems = []
    for text in pairs:
        name, sign, value = text.partition("=")
        first = name.split(".")[0].strip()
        try:
            if not sign or first not in KEYS:
                raise ValueError(f"must read KEY=VALUE with a key of a question{did_you_mean(first, KEYS)}")
            keys[name.strip()] = yaml.safe_load(value)
        except (ValueError, yaml.YAMLError) as error:
            problems.append(f"--set: {text}: {' '.join(str(error).split())}")
    if problems:
        raise RequestError(problems)
    return keys


def _name_problems(data: Path, name: str, path: str) -> list[str]:
    if not re.fullmatch(NAME_FORM, name):
        return [f"{name}: must be lower case words and numbers joined by hyphens"]
    return (
        [f"{path}: is there already; change that file, or take another name"]
        if (data / path).exists()
        else []
    )


def _raw(data: Path, wanted: Wanted) -> dict[str, Any]:
    raw = _like(data, wanted) if wanted.like else {}
    raw["id"] = wanted.id
    for key, value in wanted.keys.items():
        _put(raw, key.split("."), value)
    missing = missing_keys(data, wanted)
    if missing:
        raise MissingError(f"--set {key}=…  {said}" for key, said in missing.items())
    return raw


def missing_keys(data: Path, wanted: Wanted) -> dict[str, str]:
    """Return the keys that every question needs and that were not given, with what each says.

    Raises
    ------
    RequestError
        When the question that it is made after is not there.
    """
    there = {*(_like(data, wanted) if wanted.like else ()), *(key.split(".")[0] for key in wanted.keys)}
    missing = {key: KEYS[key] for key in needed_keys() if key not in there and key != "living"}
    unsaid = [f"living.{name}" for name in LIVING if not {"living", f"living.{name}"} & set(wanted.keys)]
    return missing | dict.fromkeys(unsaid, KEYS["living"])


def _like(data: Path, wanted: Wanted) -> dict[str, Any]:
    """Return another question's keys without what it says of its own evidence."""
    path = data / "questions" / f"{wanted.like}.yml"
    if not path.exists():
        names = [other.stem for other in (data / "questions").glob("*.yml")]
        raise RequestError([f"--like: {wanted.like}: must be a question{did_you_mean(wanted.like, names)}"])
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RequestError([f"{path}: cannot be read: {error}"]) from None
    kept = {key: value for key, value in raw.items() if key not in (*OWN, *SAID_ANEW)}
    living = {key: value for key, value in (raw.get("living") or {}).items() if key not in LIVING}
    return {**kept, "living": living}


def _put(raw: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Set the value at a path of keys."""
    if len(steps) == 1:
        raw[steps[0]] = value
        return
    inner = raw.get(steps[0])
    raw[steps[0]] = dict(inner) if isinstance(inner, dict) else {}
    _put(raw[steps[0]], steps[1:], value)


def _effects_file(text: str, name: str) -> str:
    """Return the effects file that a question names, empty where it names none."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RequestError([f"{name}: not a YAML file: {' '.join(str(error).split())}"]) from None
    found = raw.get("effects") if isinstance(raw, dict) else None
    plain = (
        isinstance(found, str) and found.endswith(".csv") and "/" not in found and not found.startswith(".")
    )
    return str(found) if plain else ""


def _into(rows: Given, effects: str) -> Given:
    return Given(rows.rows, rows.effects_file or effects.removesuffix(".csv"), rows.record)
