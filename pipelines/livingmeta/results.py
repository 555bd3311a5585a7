"""The result record: every number of a question, at full precision, under contract keys.

Keys are always present; what is undefined is null. `read_record` and `write_record` are the
only way in and out of the files.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from livingmeta.analysis import Analysis, Group, Sensitivity, Subgroups
from livingmeta.effect_sizes import EffectSizes, Measure
from livingmeta.effect_sizes.measures import IDENTITY
from livingmeta.estimators import COUNT_METHODS, Fit
from livingmeta.files import write_atomically
from livingmeta.judgements import judgement_records
from livingmeta.multiverse import Multiverse, Specification, multiverse
from livingmeta.questions import Question
from livingmeta.verdicts import verdict

FIT_KEYS = tuple(f.name for f in fields(Fit) if f.name not in ("weights", "warnings"))
DISPLAY_KEYS = ("estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper")


def fit_numbers(fit: Fit | None) -> dict[str, Any]:
    """Return the numbers of a fit under the record's keys, all null when there is none."""
    return dict.fromkeys(FIT_KEYS) if fit is None else fit.numbers()


def display(fit: Fit | None, measure: Measure) -> dict[str, float | None]:
    """Return estimate and intervals back-transformed to the natural scale."""
    values = {key: getattr(fit, key, None) for key in DISPLAY_KEYS}
    return {key: None if value is None else float(measure.to_display(value)) for key, value in values.items()}


def fit_record(effects: EffectSizes, fit: Fit | None, reason: str = "") -> dict[str, Any]:
    """Return the part of a record that any analysis has, a question's or a file's.

    Parameters
    ----------
    effects : EffectSizes
        The rows that were pooled.
    fit : Fit or None
        None when nothing is pooled; `reason` says why.
    """
    return {
        **fit_numbers(fit),
        "measure": effects.measure.code,
        "k": effects.k,
        "scale": effects.measure.scale,
        "pooled": fit is not None and fit.k > 1,
        "reason": reason,
        "display": display(fit, effects.measure),
        "studies": study_records(effects, fit),
        "excluded": [asdict(item) for item in effects.excluded],
        "warnings": [*_notes(effects, fit), *(fit.warnings if fit else ())],
        "sensitivity": [],
    }


def _notes(effects: EffectSizes, fit: Fit | None) -> list[str]:
    """Return the choices made on the way; Mantel-Haenszel and Peto pool the cells as they are."""
    if fit is not None and fit.method in COUNT_METHODS:
        return [f"{note}, for the studies' own effects and Q only" for note in effects.notes]
    return list(effects.notes)


def study_records(effects: EffectSizes, fit: Fit | None) -> list[dict[str, Any]]:
    """Return study, yi, vi and weight (percent) of exactly the rows in the fit."""
    weights = fit.weights if fit is not None else [None] * effects.k
    frame = effects.frame
    ids = frame["effect_id"] if "effect_id" in frame else [None] * effects.k
    return [
        {
            "study": str(study),
            "effect_id": effect_id,
            "yi": float(yi),
            "vi": float(vi),
            "weight": None if weight is None else float(weight),
        }
        for study, effect_id, yi, vi, weight in zip(
            frame["study"], ids, effects.yi, effects.vi, weights, strict=True
        )
    ]


TRIMMED = ("estimator", "side", "k0", "k", "estimate", "se", "ci_lower", "ci_upper")


def _trimmed(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None else {key: found[key] for key in TRIMMED}


def question_record(analysis: Analysis) -> dict[str, Any]:
    """Return the record of a question: its fit, its PICO and everything around it."""
    question = analysis.question
    extra = {
        key: None if value is None else asdict(value)
        for key, value in (
            ("one_table", analysis.one_table),
            ("peese", analysis.peese),
            ("peters", analysis.peters),
        )
    }
    return {
        "id": question.id,
        "part": question.part,
        "title": question.title,
        **fit_record(analysis.effects, analysis.fit, analysis.reason),
        "participants": analysis.participants,
        "pico": pico(question),
        "common_effect": _variant_record(analysis.common, analysis.effects.measure),
        "subgroups": [_subgroups_record(item, analysis.effects.measure) for item in analysis.subgroups],
        "sensitivity": [_sensitivity_record(item) for item in analysis.sensitivity],
        "multiverse": _multiverse_record(multiverse(analysis), analysis.effects.measure),
        **extra,
        "trim_and_fill": _trimmed(analysis.trim_and_fill),
        "absent": dict(analysis.absent),
        "living": dict(question.living),
        "verdict": _verdict_record(analysis),
        **judgement_records(analysis),
    }


def pico(question: Question) -> dict[str, str]:
    """Return population, intervention, comparator, outcome and designs."""
    keys = ("question", "population", "intervention", "comparator", "outcome", "designs")
    return {key: getattr(question, key) for key in keys}


def _verdict_record(analysis: Analysis) -> dict[str, Any]:
    """Return what the page says on top, with what stands behind the number that it leads with."""
    said, measure = verdict(analysis), analysis.effects.measure
    words = {key: getattr(said, key) for key in ("status", "headline", "sentence", "note", "answer")}
    behind = {**words, **_behind(said.fit, analysis)}
    if said.difference is not None:
        table = said.difference
        ends = (table.difference, table.difference_ci_lower, table.difference_ci_upper)
        lead = dict(zip(DISPLAY_KEYS, (*ends, None, None), strict=True))
        return {**behind, "symbol": "RD", "scale": IDENTITY, "display": lead}
    return {**behind, "symbol": measure.label, "scale": measure.scale, "display": display(said.fit, measure)}


def _behind(fit: Fit | None, analysis: Analysis) -> dict[str, Any]:
    """Return studies, participants and model of the leading fit, which may be that of one subgroup."""
    if fit is None:
        return dict.fromkeys(("k", "participants", "method", "test"))
    groups = (group for division in analysis.subgroups for group in division.groups)
    people = next((group.participants for group in groups if group.fit is fit), analysis.participants)
    return {"k": fit.k, "participants": people, "method": fit.method, "test": fit.test}


def _multiverse_record(found: Multiverse | None, measure: Measure) -> dict[str, Any] | None:
    """Return every specification on the natural scale, and their range."""
    if found is None or not found.specifications:
        return None
    estimates = [one.estimate for one in found.specifications]
    return {
        "n": len(found.specifications),
        "estimate_lowest": float(measure.to_display(min(estimates))),
        "estimate_highest": float(measure.to_display(max(estimates))),
        "specifications": [_specification_record(one, measure) for one in found.specifications],
        "left_out": list(found.left_out),
    }


def _specification_record(one: Specification, measure: Measure) -> dict[str, Any]:
    values = {
        key: float(measure.to_display(getattr(one, key))) for key in ("estimate", "ci_lower", "ci_upper")
    }
    return {**asdict(one), **values}


def _variant_record(fit: Fit | None, measure: Measure) -> dict[str, Any]:
    return {**fit_numbers(fit), "display": display(fit, measure)}


def _sensitivity_record(item: Sensitivity) -> dict[str, Any]:
    return {
        "name": item.name,
        "difference": item.difference,
        **_variant_record(item.fit, item.effects.measure),
        "k": item.effects.k,
        "measure": item.effects.measure.code,
        "reason": item.reason,
    }


def _subgroups_record(item: Subgroups, measure: Measure) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "method": item.method,
        "groups": [_group_record(group, measure) for group in item.groups],
        "between": None if item.between is None else asdict(item.between),
    }


def _group_record(group: Group, measure: Measure) -> dict[str, Any]:
    return {
        "label": group.label,
        **_variant_record(group.fit, measure),
        "k": len(group.rows),
        "participants": group.participants,
        "reason": group.reason,
    }


def to_json(record: Mapping[str, Any]) -> str:
    """Return a record as JSON: sorted nowhere, full double precision, null for what is not finite."""
    return json.dumps(_finite(record), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_record(record: Mapping[str, Any], folder: Path) -> Path:
    """Write a question's record and return where."""
    path = folder / f"{record['id']}.json"
    write_atomically(path, to_json(record))
    return path


def read_record(path: Path) -> dict[str, Any]:
    """Return the record in a file."""
    return json.loads(path.read_text(encoding="utf-8"))
