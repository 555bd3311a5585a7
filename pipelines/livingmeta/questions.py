"""A question: one PICO, one outcome, and every choice that moves its numbers, from one YAML file."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from livingmeta.living_rules import LIVING_RULES as LIVING_RULES
from livingmeta.living_rules import is_whole, living_faults
from livingmeta.units import MMOL_PER_L, to_mmol_per_l

Filter = Mapping[str, Any]


class QuestionError(ValueError):
    """A question file that cannot be read as a question; the message lists every fault."""


@dataclass(frozen=True)
class Variant:
    """One sensitivity analysis: what differs from the main analysis, and nothing else."""

    name: str
    difference: str = ""
    filter: Filter | None = None
    exclude: Filter | None = None
    assume_null: Filter | None = None
    measure: str | None = None
    method: str | None = None
    test: str | None = None


@dataclass(frozen=True)
class SubgroupRule:
    """How rows are divided: by the values of a column, or by a threshold on it."""

    name: str
    title: str
    column: str
    at_least: float | None = None
    labels: tuple[str, ...] = ()
    method: str | None = None
    test: str | None = None


@dataclass(frozen=True)
class ModelChoice:
    """A method and the test that goes with it."""

    method: str
    test: str = "z"


@dataclass(frozen=True)
class BaselineRisk:
    """A risk without the treatment: events among so many people, and the source of both."""

    events: int
    n: int
    source: str


@dataclass(frozen=True)
class KnownStudies:
    """How many studies of the question are known at least, curated here or not, and who counted them."""

    n: int
    source: str


@dataclass(frozen=True)
class Grid:
    """Choices that could defensibly have been made otherwise; where none is named, the question's own."""

    methods: tuple[str, ...]
    tests: tuple[str, ...] = ("z",)
    measures: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """The step of magnesium to which effects per unit are brought."""

    value: float
    unit: str


@dataclass(frozen=True)
class Question:
    """One question of the book; the fields are the keys of its file."""

    id: str
    part: str
    title: str
    question: str
    population: str
    intervention: str
    comparator: str
    outcome: str
    outcome_noun: str
    outcome_event: str
    designs: str
    eligibility: tuple[str, ...]
    text: str
    effects: str
    measure: str | None
    verdict: str
    living: Mapping[str, Any]
    order: int = 0
    filter: Filter = field(default_factory=dict)
    method: str = "REML"
    test: str = "adhoc"
    level: float = 95.0
    pi_df: str = "k-1"
    accept_measures: tuple[str, ...] = ()
    per: Step | None = None
    pooled: bool = True
    reason: str = ""
    direction: Mapping[str, str] = field(default_factory=dict)
    arms: Mapping[str, str] = field(default_factory=dict)
    common_effect: ModelChoice = ModelChoice("EE")
    minimal_important_difference: float | None = None
    baseline_risk: float | BaselineRisk | None = None
    known_studies: KnownStudies | None = None
    subgroups: tuple[SubgroupRule, ...] = ()
    moderators: tuple[str, ...] = ()
    sensitivity: tuple[Variant, ...] = ()
    multiverse: Grid | None = None
    charts: Any = "default"
    displays: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def step_mmol_per_l(self) -> float | None:
        """Return the step that effects per unit are brought to, in mmol/L."""
        return to_mmol_per_l(self.per.value, self.per.unit) if self.per else None


TEXTS = (
    *("id", "part", "title", "question", "population", "intervention", "comparator", "outcome"),
    *("outcome_noun", "outcome_event", "designs", "text", "effects", "verdict", "method", "test", "reason"),
)
Kind = tuple[tuple[type, ...], str]
NOTHING = type(None)
KINDS: dict[str, Kind] = {
    **dict.fromkeys(TEXTS, ((str,), "must be text")),
    **dict.fromkeys(("filter", "direction", "arms", "living"), ((dict,), "must be a mapping")),
    "minimal_important_difference": ((int, float, NOTHING), "must be a number or nothing"),
    "baseline_risk": (
        (int, float, dict, NOTHING),
        "must be a proportion, a mapping of events, n and source, or nothing",
    ),
    "known_studies": ((dict, NOTHING), "must be a mapping of n and source, or nothing"),
    "measure": ((str, NOTHING), "must be text or nothing"),
    "order": ((int,), "must be a whole number"),
    "level": ((int, float), "must be a number"),
    "pooled": ((bool,), "must be true or false"),
}
MARKUP = "<>`$\\*_[]{}|"
PI_DF = ("k-1", "k-2", "normal")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe YAML loader that refuses a key written twice, of which YAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node whose keys are all different."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"key {twice!r} stands twice in the mapping that begins in line {line}")
        return super().construct_mapping(node, deep)


NESTED = {"sensitivity": Variant, "subgroups": SubgroupRule}
SINGLE = {"common_effect": ModelChoice, "multiverse": Grid, "per": Step}
BLANK = ("multiverse", "per")
LISTS = ("eligibility", "accept_measures", "moderators", "displays", "limits")
# Ways to show a question beside its forest plot; `charts` draws each.
DISPLAYS = ("magnesium_ladder", "adjustment_ladder", "missing_results", "split_forest", "benefit_harm")
STEPLESS = "adjustment_ladder"
VERDICTS = ("conflict_aware", "association", "correlation", "single_trial", "not_pooled")
PARTS = ("kidney", "heart", "brain")


def load_question(path: Path) -> Question:
    """Return the question in a YAML file.

    Raises
    ------
    QuestionError
        With one line per fault: `file:key: value: rule`.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path}:1:: not a YAML file in UTF-8: {error}") from error
    if not isinstance(raw, dict):
        raise QuestionError(f"{path}:1:: must be a mapping of keys to values")
    faults = _faults(raw, path)
    if faults:
        raise QuestionError("\n".join(faults))
    return Question(**{key: _built(key, value) for key, value in raw.items()})


def load_questions(folder: Path) -> tuple[Question, ...]:
    """Return all questions of a folder, in the order of the book."""
    questions = [load_question(path) for path in sorted(folder.glob("*.yml"))]
    return tuple(sorted(questions, key=lambda q: (PARTS.index(q.part), q.order, q.id)))


def _built(key: str, value: Any) -> Any:
    if key in NESTED:
        return tuple(_nested(NESTED[key], item) for item in value or [])
    if key in LISTS:
        return tuple(value or [])
    if key == "common_effect":
        return ModelChoice(**value)
    if key == "per":
        return Step(**value) if value else None
    if key == "baseline_risk" and isinstance(value, dict):
        return BaselineRisk(**value)
    if key == "known_studies":
        return KnownStudies(**value) if value else None
    if key == "multiverse":
        return Grid(**{name: tuple(options) for name, options in value.items()}) if value else None
    return value


def _nested(kind: type, item: dict[str, Any]) -> Any:
    return kind(**{key: tuple(value) if key == "labels" else value for key, value in item.items()})


def _faults(raw: dict[str, Any], path: Path) -> list[str]:
    known = {f.name for f in fields(Question)}
    required = {f.name for f in fields(Question) if f.default is MISSING and f.default_factory is MISSING}
    faults = [f"{path}:{key}: {raw[key]!r}: unknown key" for key in raw if key not in known]
    faults += [f"{path}:{key}: missing: every question needs it" for key in sorted(required - set(raw))]
    faults += _value_faults(raw, path)
    faults += _nested_faults(raw, path)
    faults += living_faults(raw.get("living"), path)
    faults += _baseline_faults(raw.get("baseline_risk"), f"{path}:baseline_risk")
    faults += _known_faults(raw.get("known_studies"), f"{path}:known_studies")
    faults += _display_faults(raw.get("displays"), bool(raw.get("per")), path)
    if raw.get("id") != path.stem:
        faults.append(f"{path}:id: {raw.get('id')!r}: must be the name of the file, {path.stem!r}")
    if raw.get("verdict") not in VERDICTS:
        faults.append(f"{path}:verdict: {raw.get('verdict')!r}: must be one of {', '.join(VERDICTS)}")
    if raw.get("part") not in PARTS:
        faults.append(f"{path}:part: {raw.get('part')!r}: must be one of {', '.join(PARTS)}")
    if raw.get("pooled", True) is not False and raw.get("verdict") == "not_pooled":
        faults.append(f"{path}:verdict: 'not_pooled': needs `pooled: false` and its reason")
    if raw.get("pooled") is False and not str(raw.get("reason") or "").strip():
        faults.append(f"{path}:reason: missing: a question that is not pooled says why")
    return faults


def _value_faults(raw: dict[str, Any], path: Path) -> list[str]:
    faults = []
    for key, value in raw.items():
        kinds, rule = KINDS.get(key, ((object,), ""))
        is_flag = isinstance(value, bool) and bool not in kinds and object not in kinds
        if is_flag or not isinstance(value, kinds):
            faults.append(f"{path}:{key}: {value!r}: {rule}")
    faults += _title_faults(raw.get("title"), path)
    level = raw.get("level", 95)
    if isinstance(level, int | float) and not 50 <= level < 100:
        faults.append(f"{path}:level: {level!r}: must be at least 50 and below 100 (percent)")
    if raw.get("pi_df", "k-1") not in PI_DF:
        faults.append(f"{path}:pi_df: {raw['pi_df']!r}: must be one of {', '.join(PI_DF)}")
    return faults


def _title_faults(title: Any, path: Path) -> list[str]:
    """Return why a title cannot stand as it is in headings, sidebars and citations."""
    found = "".join(sign for sign in MARKUP if sign in title) if isinstance(title, str) else ""
    rule = f"must be plain text, without any of {' '.join(MARKUP)}"
    return [f"{path}:title: {title!r}: {rule}"] if found else []


def _nested_faults(raw: dict[str, Any], path: Path) -> list[str]:
    faults = [
        f"{path}:{key}: {raw[key]!r}: must be a list"
        for key in (*LISTS, *NESTED)
        if raw.get(key) is not None and not isinstance(raw[key], list)
    ]
    faults += [
        f"{path}:{key}: {item!r}: must be text; put it in quotes where it holds a colon"
        for key in LISTS
        for item in (raw[key] if isinstance(raw.get(key), list) else ())
        if not isinstance(item, str)
    ]
    for key, kind in {**NESTED, **SINGLE}.items():
        value = raw.get(key)
        may_be_blank = value is None and (key in NESTED or key in BLANK)
        if key not in raw or may_be_blank:
            continue
        items = value if key in NESTED and isinstance(value, list) else [value] if key in SINGLE else []
        faults += [fault for item in items for fault in _item_faults(item, kind, f"{path}:{key}")]
    return faults


def _item_faults(item: Any, kind: type, where: str) -> list[str]:
    if not isinstance(item, dict):
        return [f"{where}: {item!r}: must be a mapping"]
    known = {f.name for f in fields(kind)}
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    unknown = [f"{where}: {name!r}: unknown key" for name in item if name not in known]
    missing = [f"{where}: {name}: missing" for name in sorted(required - set(item))]
    lists = [
        f"{where}: {name}: {item[name]!r}: must be a list with at least one entry"
        for name in (known & set(item) if kind is Grid else ())
        if not (isinstance(item[name], list) and item[name])
    ]
    return unknown + missing + lists + _threshold_faults(item, where) + _step_faults(item, kind, where)


def _threshold_faults(item: dict[str, Any], where: str) -> list[str]:
    at_least, labels = item.get("at_least"), item.get("labels")
    faults = []
    if at_least is not None and (isinstance(at_least, bool) or not isinstance(at_least, int | float)):
        faults.append(f"{where}: at_least: {at_least!r}: must be a number")
    if at_least is not None and labels and (not isinstance(labels, list) or len(labels) != 2):
        faults.append(f"{where}: labels: {labels!r}: must be two, below the threshold and from it on")
    return faults


def _step_faults(item: dict[str, Any], kind: type, where: str) -> list[str]:
    if kind is not Step:
        return []
    value, unit = item.get("value"), item.get("unit")
    faults = []
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        faults.append(f"{where}: value: {value!r}: must be a number above 0")
    if not isinstance(unit, str) or unit not in MMOL_PER_L:
        faults.append(f"{where}: unit: {unit!r}: must be one of {', '.join(MMOL_PER_L)}")
    return faults


def _baseline_faults(value: Any, where: str) -> list[str]:
    """Return why a stated risk is none: a proportion, or events among people with their source."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [] if 0 < value < 1 else [f"{where}: {value!r}: must lie above 0 and below 1"]
    if not isinstance(value, dict):
        return []
    faults = _item_faults(value, BaselineRisk, where)
    events, n = (value.get(name, 0) for name in ("events", "n"))
    if not faults and not (is_whole(events) and is_whole(n) and events <= n):
        faults.append(f"{where}: {events!r} of {n!r}: must be whole numbers from 1, events not above n")
    if not faults and not (isinstance(value["source"], str) and value["source"].strip()):
        faults.append(
            f"{where}: source: {value['source']!r}: must be text that says where the risk comes from"
        )
    return faults


def _known_faults(value: Any, where: str) -> list[str]:
    """Return why a number of known studies is none: a whole number with its source."""
    if not isinstance(value, dict):
        return []
    faults = _item_faults(value, KnownStudies, where)
    if not faults and not is_whole(value["n"]):
        faults.append(f"{where}: n: {value['n']!r}: must be a whole number from 1")
    if not faults and not (isinstance(value["source"], str) and value["source"].strip()):
        faults.append(f"{where}: source: {value['source']!r}: must be text that says who counted them")
    return faults


def _display_faults(displays: Any, per_step: bool, path: Path) -> list[str]:
    named = displays if isinstance(displays, list) else []
    rule = "draws ratios as printed, and with `per` they refer to different steps"
    unfit = [f"{path}:displays: {STEPLESS!r}: {rule}"] if per_step and STEPLESS in named else []
    return unfit + [
        f"{path}:displays.{i}: {name!r}: must be one of {', '.join(DISPLAYS)}, each once"
        for i, name in enumerate(named)
        if name not in DISPLAYS or name in named[:i]
    ]
