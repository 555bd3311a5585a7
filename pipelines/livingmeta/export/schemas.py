"""The published JSON Schemas (2020-12), made from the one description of keys."""

import json
from collections.abc import Mapping
from typing import Any

from livingmeta.export import record_keys as keys
from livingmeta.export.record_keys import Keys
from livingmeta.vocabulary import NAME_FORM

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORD_SCHEMA, INDEX_SCHEMA = "record.json", "index.json"
ESTIMATES_SCHEMA, VERSION_SCHEMA = "estimates.json", "version.json"
HASH = r"^[0-9a-f]{8}$"
ID = rf"^{NAME_FORM}$"
RELEASE = r"^(unreleased|[0-9]{4}\.(0[1-9]|1[0-2])\.(0|[1-9][0-9]*))$"
# What must hold of a key wherever it stands: the units say so.
RANGES: dict[str, dict[str, Any]] = {
    **{key: {"minimum": 0, "maximum": 1} for key in ("p_value", "q_p", "p_exact")},
    **{key: {"minimum": 0, "maximum": 1} for key in ("risk_treatment", "risk_control")},
    **{key: {"minimum": 0, "maximum": 1} for key in ("baseline_risk", "risk")},
    **{key: {"minimum": 0, "maximum": 100} for key in ("i2", "i2_q", "weight")},
    **{key: {"exclusiveMinimum": 0, "exclusiveMaximum": 100} for key in ("level",)},
    **{key: {"minimum": 0} for key in ("k", "tau2", "tau2_ci_lower", "tau2_ci_upper", "participants", "vi")},
    **{key: {"minimum": 0} for key in ("se", "q", "q_df", "h2_q", "intercept_se", "slope_se", "n")},
    **{"hash": {"pattern": HASH}, "release": {"pattern": RELEASE}, "id": {"pattern": ID}},
}


def _type(key: str, kind: str, description: str) -> dict[str, Any]:
    word = kind.removesuffix("?")
    types: Any = [word, "null"] if kind.endswith("?") else word
    return {"type": types, "description": description, **RANGES.get(key, {})}


def _object(*described: Keys, **nested: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object whose described and nested keys must all be there; others may be."""
    plain = {key: _type(key, *said) for one in described for key, said in one.items()}
    properties = {**plain, **nested}
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": items}


def _maybe(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "anyOf": [{"type": "null"}, schema]}


TEXTS = {"type": "array", "items": {"type": "string"}}
DISPLAY = {"$ref": "#/$defs/display"}
FIT = {"$ref": "#/$defs/fit"}


def _with_fit(own: Keys, description: str) -> dict[str, Any]:
    """Return what an analysis beside the main one holds: its own keys and a whole fit."""
    return {"description": description, "allOf": [FIT, _object(own, display=DISPLAY)]}


def _groups() -> dict[str, Any]:
    group = _with_fit(keys.GROUP, "One group.")
    titles = {
        "name": ("string", "Name of the division."),
        "title": ("string", "What the studies are divided by."),
        "method": ("string?", "Model within the groups."),
    }
    between = _maybe(_object(keys.BETWEEN), "The groups compared, null where they cannot be.")
    return _object(titles, groups=_list(group, "The groups."), between=between)


def _multiverse() -> dict[str, Any]:
    specifications = _list(_object(keys.SPECIFICATION), "Every analysis, on the natural scale.")
    left_out = {**TEXTS, "description": "What could not be combined, and why."}
    return _object(keys.MULTIVERSE, specifications=specifications, left_out=left_out)


def _judgements() -> dict[str, Any]:
    """Return what a record says of the certainty; records frozen before it was known lack it."""
    seen = {"type": "object", "description": "The numbers that the rule saw, on the natural scale."}
    domains = {
        "type": "object",
        "description": "Judgements by domain, without those that nobody made.",
        "additionalProperties": {"type": "string"},
    }
    effects = _list(_object(keys.APPRAISED, domains=domains), "The results, judged or not.")
    rated = _list(_object(keys.RATED), "The domains of GRADE.")
    return {
        "risk_of_bias": _object(keys.RISK_OF_BIAS, effects=effects),
        "certainty": _object(keys.CERTAINTY, domains=rated),
        "suggestions": _list(_object(keys.SUGGESTION, seen=seen), "What printed rules make of the numbers."),
        "absolute": _object(keys.ABSOLUTE),
    }


def record_schema() -> dict[str, Any]:
    """Return the schema of a question's record."""
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    body = _object(
        keys.OWN,
        display={**DISPLAY, "description": "Estimate and intervals on the natural scale."},
        studies=_list(_object(keys.STUDY), "Exactly the rows in the estimate."),
        excluded=_list(_object(keys.EXCLUDED), "Rows that did not enter, and why."),
        warnings={**TEXTS, "description": "Choices made on the way."},
        sensitivity=_list(_with_fit(keys.SENSITIVITY, "One analysis."), "Analyses that differ in one thing."),
        pico=_object(keys.PICO),
        common_effect=_with_fit({}, "The same studies under one common effect."),
        subgroups=_list(_groups(), "Divisions of the studies."),
        multiverse=_maybe(_multiverse(), "All analyses that the question declares as defensible."),
        one_table=_maybe(_object(keys.ONE_TABLE), "Risks of the only trial."),
        peese=_maybe(_object(keys.SLOPE), "Regression of the effects on their variances."),
        peters=_maybe(_object(keys.SLOPE), "Peters' test of asymmetry."),
        trim_and_fill=_maybe(_object(keys.TRIM_AND_FILL), "The estimate with filled studies."),
        absent={**texts, "description": "Why a figure or a test is missing, by its name."},
        living={"type": "object", "description": "Status, its reason, and when the next search is due."},
        verdict=_object(keys.VERDICT, display=DISPLAY),
        **_judgements(),
    )
    later = {*_judgements(), "trim_and_fill"}  # not in records of the first release
    body["required"] = [key for key in body["required"] if key not in later]
    return {
        **_head("Record of a question", "Every number of a question at full double precision."),
        "allOf": [FIT, body],
        "$defs": {"fit": _object(keys.FIT), "display": _object(keys.DISPLAY)},
    }


def index_schema() -> dict[str, Any]:
    """Return the schema of the index of a site's addresses."""
    addresses = _object({"description": ("string", "What the format is.")}, files=TEXTS)
    exports = {
        "type": "object",
        "description": "Files of the whole book by format; addresses relative to this file.",
        "additionalProperties": addresses,
    }
    schemas = {"type": "object", "additionalProperties": {"type": "string"}}
    schemas["description"] = "Addresses of the schemas by name, relative to this file."
    questions = _list(_object(keys.ENTRY), "The questions in the order of the book.")
    body = _object(keys.WHOLE, schemas=schemas, exports=exports, questions=questions)
    return {**_head("Index of a site", "What lies at which address."), **body}


def estimates_schema() -> dict[str, Any]:
    """Return the schema of all records in one file."""
    questions = {
        "type": "object",
        "description": "The records by question id.",
        "propertyNames": {"pattern": ID},
        "additionalProperties": {"$ref": RECORD_SCHEMA},
    }
    body = _object(keys.WHOLE, questions=questions)
    return {**_head("All records", "Every record of a version of the book."), **body}


def version_schema() -> dict[str, Any]:
    """Return the schema of what a site says of its version."""
    pages = {**TEXTS, "description": "Addresses of the pages of this version, relative to its root."}
    body = _object(keys.VERSION)
    body["properties"]["pages"] = pages
    body["required"] = ["version"]
    return {**_head("Version of a site", "Which version a site is, and its neighbours."), **body}


def _head(title: str, description: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, "description": description}


SCHEMAS = {
    RECORD_SCHEMA: record_schema,
    INDEX_SCHEMA: index_schema,
    ESTIMATES_SCHEMA: estimates_schema,
    VERSION_SCHEMA: version_schema,
}


def schema_bytes(name: str) -> bytes:
    """Return one schema as the bytes of its file; SCHEMAS holds the names."""
    return (json.dumps(SCHEMAS[name](), ensure_ascii=False, indent=2) + "\n").encode()
