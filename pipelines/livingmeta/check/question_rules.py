"""Rules about question files: names they use, rows they select, and each of their fits."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from livingmeta.check.findings import FAULT, WARNING, Finding
from livingmeta.check.header_rules import did_you_mean
from livingmeta.check.sources import Curated, YamlPath, line_of, yaml_lines
from livingmeta.questions import Question, QuestionError, Variant, load_question
from livingmeta.selection import all_rows, doubled, rows_for
from livingmeta.studies import TABLES, Studies, TextTable, matches, typed

# How `livingmeta withdraw` begins the reason of a row that it takes out of a pool.
WITHDRAWN = ("retracted: ", "expression of concern: ")
OF_TRIALS = ("conflict_aware", "single_trial")


@dataclass(frozen=True)
class Asked:
    """One question that loads, its file, and the lines of its keys."""

    question: Question
    file: str
    lines: Mapping[YamlPath, int]

    def finding(self, value: Any, rule: str, *path: str | int, level: str = FAULT) -> Finding:
        """Return a finding about the value at a path of keys."""
        keys = ".".join(str(key) for key in path)
        return Finding(self.file, line_of(self.lines, *path), keys, str(value), rule, level)


def question_findings(
    curated: Curated, faulty: set[tuple[str, int]], sound: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield what is wrong with the questions.

    Parameters
    ----------
    curated : Curated
        All tables.
    faulty : set of (str, int)
        Files and lines with a fault of their own, which need no second one.
    sound : collection of str
        Ids of questions that need not be gone through.
    """
    studies = _studies(curated)
    paths = sorted((curated.data_dir / "questions").glob("*.yml"))
    if not paths:
        yield Finding(curated.file("questions"), 1, "", "(missing)", "there must be a question file")
    for path in sorted((curated.data_dir / "questions").glob("*.yaml")):
        yield Finding(curated.file(f"questions/{path.name}"), 1, "", path.name, "its name must end in .yml")
    loaded = []
    for path in paths:
        findings, asked = _loaded(path, curated.file(f"questions/{path.name}"))
        yield from findings
        if asked is not None:
            loaded.append(asked)
            if asked.question.id not in sound:
                yield from _asked(asked, curated, studies, faulty)
    if len(loaded) == len(paths):
        yield from _left_out(loaded, studies)


def _left_out(loaded: list[Asked], studies: Studies) -> Iterator[Finding]:
    """Yield rows meant for a main analysis that the filter of no question selects."""
    for name, rows in studies.effects.items():
        asking = [asked.question for asked in loaded if asked.question.effects == name]
        try:
            chosen = [set(rows.loc[matches(rows, question.filter), "line"]) for question in asking]
        except KeyError:
            continue
        if not any(question.pooled for question in asking):
            continue
        for row in rows.loc[rows["pool_role"].eq("primary"), ["file", "line"]].itertuples():
            if not any(row.line in lines for lines in chosen):
                rule = "a primary row must be selected by a question's filter: see its dataset and outcome"
                yield Finding(row.file, int(row.line), "pool_role", "primary", rule)


def _loaded(path: Path, file: str) -> tuple[list[Finding], Asked | None]:
    try:
        lines = yaml_lines(path.read_text(encoding="utf-8-sig"))
        return [], Asked(load_question(path), file, lines)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [Finding(file, line, "", "(bytes)", "text must be UTF-8")], None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "cannot be read"
        return [Finding(file, line, "", "(text)", f"not valid YAML: {problem}")], None
    except QuestionError as error:
        return [_from_error(text, path, file, lines) for text in str(error).splitlines()], None
    except (TypeError, AttributeError, ValueError) as error:
        return [Finding(file, 1, "", "(text)", f"cannot be read as a question: {error}")], None


def _from_error(text: str, path: Path, file: str, lines: Mapping[YamlPath, int]) -> Finding:
    key, _, rest = text.removeprefix(f"{path}:").partition(":")
    value, _, rule = rest.strip().rpartition(": ")
    steps = (int(step) if step.isdigit() else step for step in key.split("."))
    return Finding(file, line_of(lines, *steps), key, value.strip("'\" :") or "(blank)", rule)


def _studies(curated: Curated) -> Studies:
    """Return the tables typed as far as they can be; cells of the wrong type are missing."""
    frames = {name: pd.DataFrame() for name in TABLES if name not in curated.schema.tables}
    for name in curated.schema.tables.keys() & set(TABLES):
        source, schema = curated.tables.get(name), curated.schema.tables[name]
        text = source.text if source else TextTable(Path(schema.path), (), (), ())
        frames[name] = typed(text, schema)[0]
    frames["studies"] = frames["studies"].dropna(subset=["study_id"]).drop_duplicates("study_id")
    effects = {name: typed(s.text, s.schema, s.file)[0] for name, s in curated.effects.items()}
    return Studies(**frames, effects=effects)


def _asked(
    asked: Asked, curated: Curated, studies: Studies, faulty: set[tuple[str, int]]
) -> Iterator[Finding]:
    named = list(_names(asked, curated))
    yield from named
    if asked.question.effects not in studies.effects:
        return
    rows = all_rows(studies, asked.question)
    before = _before_withdrawal(asked, curated, rows)
    filters = list(_filters(asked, rows, before))
    yield from filters
    yield from _columns(asked, rows)
    if not any(finding.level == FAULT for finding in (*named, *filters)):
        yield from _fits(asked, rows, faulty, before)


def _before_withdrawal(asked: Asked, curated: Curated, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the `pool_role` that withdrawn ones had, as corrections tell.

    A filter that found rows then may find none now; one that never did is at fault.
    """
    if "pool_reason" not in rows.columns or "corrections" not in curated.tables:
        return rows
    table = f"effects/{asked.question.effects.removesuffix('.csv')}"
    told = sorted(curated.tables["corrections"].rows(), key=lambda row: row.text("date"))
    roles = {
        row.text("key"): row.text("old")
        for row in told
        if (row.text("table"), row.text("column")) == (table, "pool_role")
    }
    gone = rows["pool_reason"].fillna("").str.startswith(WITHDRAWN) & rows["effect_id"].isin(roles)
    return rows.assign(pool_role=rows["pool_role"].where(~gone, rows["effect_id"].map(roles)))


def _names(asked: Asked, curated: Curated) -> Iterator[Finding]:
    from livingmeta.effect_sizes import MEASURES
    from livingmeta.estimators import METHODS, TESTS

    question = asked.question
    measures, reported = set(MEASURES), curated.schema.effects.field("measure_reported")
    accepted = measures | set(reported.enum if reported else ())
    yield from _one_of(asked, question.effects, set(curated.effects), "effects")
    for position, measure in enumerate(question.accept_measures):
        yield from _one_of(asked, measure, accepted, "accept_measures", position)
    if question.pooled and question.measure is None:
        yield asked.finding("", "a pooled question must name its measure", "measure")
    yield from _grid(asked, measures)
    choices: list[tuple[Any, tuple[str | int, ...]]] = [
        (question, ()),
        (question.common_effect, ("common_effect",)),
    ]
    choices += [(variant, ("sensitivity", i)) for i, variant in enumerate(question.sensitivity)]
    choices += [(rule, ("subgroups", i)) for i, rule in enumerate(question.subgroups)]
    known = {"measure": measures, "method": set(METHODS), "test": set(TESTS)}
    for choice, place in choices:
        for key, allowed in known.items():
            yield from _one_of(asked, getattr(choice, key, None), allowed, *place, key)


def _grid(asked: Asked, measures: set[str]) -> Iterator[Finding]:
    from livingmeta.effect_sizes.formulas.corrections import RULES
    from livingmeta.estimators import METHODS, TESTS

    grid = asked.question.multiverse
    if grid is None:
        return
    known = {"measures": measures, "methods": set(METHODS), "tests": set(TESTS), "zero": set(RULES)}
    for key, allowed in known.items():
        for position, value in enumerate(getattr(grid, key)):
            yield from _one_of(asked, value, allowed, "multiverse", key, position)


def _one_of(asked: Asked, value: Any, allowed: set[str], *path: str | int) -> Iterator[Finding]:
    if value is not None and value not in allowed:
        hint = did_you_mean(str(value), allowed)
        yield asked.finding(value, f"must be one of {', '.join(sorted(allowed))}{hint}", *path)


def _filters(asked: Asked, rows: pd.DataFrame, before: pd.DataFrame) -> Iterator[Finding]:
    yield from _filter(asked, rows, asked.question.filter, before, "filter")
    for position, variant in enumerate(asked.question.sensitivity):
        for key in ("filter", "exclude", "assume_null"):
            yield from _filter(asked, rows, getattr(variant, key), before, "sensitivity", position, key)


def _filter(
    asked: Asked, rows: pd.DataFrame, rule: Any, before: pd.DataFrame, *path: str | int
) -> Iterator[Finding]:
    if rule is not None and not isinstance(rule, dict):
        yield asked.finding(rule, "must be a mapping of columns to values", *path)
        return
    for column, wanted in (rule or {}).items():
        if column not in rows.columns:
            hint = did_you_mean(str(column), map(str, rows.columns))
            yield asked.finding(column, f"must be a column of {asked.question.effects}{hint}", *path, column)
            continue
        for value in wanted if isinstance(wanted, list) else [wanted]:
            if not matches(rows, {column: value}).any():
                rule_text = f"must occur in column {column} of {asked.question.effects}"
                level = WARNING if matches(before, {column: value}).any() else FAULT
                yield asked.finding(value, rule_text, *path, column, level=level)


def _columns(asked: Asked, rows: pd.DataFrame) -> Iterator[Finding]:
    subgroups = [(rule.column, ("subgroups", i, "column")) for i, rule in enumerate(asked.question.subgroups)]
    moderators = [(name, ("moderators", i)) for i, name in enumerate(asked.question.moderators)]
    for column, path in [*subgroups, *moderators]:
        if column not in rows.columns:
            hint = did_you_mean(column, map(str, rows.columns))
            yield asked.finding(column, f"must be a column of {asked.question.effects}{hint}", *path)


def _fits(
    asked: Asked, rows: pd.DataFrame, faulty: set[tuple[str, int]], before: pd.DataFrame
) -> Iterator[Finding]:
    question = asked.question
    if not question.pooled:
        return
    seen: set[tuple[int, ...]] = set()
    for variant in (None, *question.sensitivity):
        chosen = rows_for(rows, question, variant)
        yield from _twice(asked, chosen, variant, seen)
        if chosen.empty:
            place = _place(question, variant)
            level = FAULT if rows_for(before, question, variant).empty else WARNING
            yield asked.finding(_fit_name(asked, variant), "selects no row", *place, level=level)
    main = rows_for(rows, question)
    yield from _trials(asked, main)
    yield from _overlaps(asked, main)
    yield from _unable(asked, main, faulty)


def _place(question: Question, variant: Variant | None) -> tuple[str | int, ...]:
    return ("filter",) if variant is None else ("sensitivity", question.sensitivity.index(variant))


def _fit_name(asked: Asked, variant: Variant | None) -> str:
    return f"{asked.question.id}, {variant.name if variant else 'main analysis'}"


def _twice(
    asked: Asked, rows: pd.DataFrame, variant: Variant | None, seen: set[tuple[int, ...]]
) -> Iterator[Finding]:
    twice = doubled(rows)
    if twice.empty:
        return
    keys = twice["study_id"].fillna("") + " " + twice["cohort_id"].fillna("")
    for _, group in twice.groupby(keys):
        lines = tuple(int(line) for line in group["line"])
        if lines in seen:
            continue
        seen.add(lines)
        for at in range(1, len(lines)):
            row = group.iloc[at]
            rule = f"counted twice in one fit ({_fit_name(asked, variant)}): also in line {lines[0]}"
            yield Finding(row["file"], lines[at], "study_id", row["study_id"] or "", rule)


def _trials(asked: Asked, main: pd.DataFrame) -> Iterator[Finding]:
    """Yield a verdict that speaks of trials where magnesium was measured and not given."""
    verdict, n = asked.question.verdict, int(main["allocation"].eq("observational").sum())
    if verdict in OF_TRIALS and n:
        rule = f"speaks of trials, and {n} of its {len(main)} rows are observational: use association"
        yield asked.finding(verdict, rule, "verdict")


def _overlaps(asked: Asked, rows: pd.DataFrame) -> Iterator[Finding]:
    for value, group in rows[rows["overlap_group"].notna()].groupby("overlap_group"):
        if group["study_id"].nunique() > 1:
            lines = ", ".join(str(line) for line in group["line"])
            rule = f"patients may overlap in one fit ({_fit_name(asked, None)}): lines {lines}"
            last = group.iloc[-1]
            yield Finding(last["file"], int(last["line"]), "overlap_group", str(value), rule, WARNING)


def _unable(asked: Asked, rows: pd.DataFrame, faulty: set[tuple[str, int]]) -> Iterator[Finding]:
    from livingmeta.effect_sizes import effect_sizes, with_field_names

    question = asked.question
    files = dict(zip(rows["line"], rows["file"], strict=True))
    primary = set(rows.loc[rows["pool_role"].eq("primary"), "line"])
    measure = question.measure or ""
    accepted, step = question.accept_measures, question.step_mmol_per_l
    sizes = effect_sizes(with_field_names(rows), measure, accepted, level=question.level, step=step)
    for left_out in sizes.excluded:
        file = files[left_out.line]
        # A double-zero table is reported well and yet says nothing on a ratio; line 1 is the header.
        is_told = (file, 1) in faulty or (file, left_out.line) in faulty
        is_expected = is_told or "carries no information" in left_out.reason
        if left_out.line in primary and not is_expected:
            rule = f"must supply {measure} ({question.id}): {left_out.reason}"
            yield Finding(file, left_out.line, "pool_role", "primary", rule)
