"""Every study of the book on one page: facts, reports, results, corrections; with what it can be found by.

The page is complete as it is. A small script beside it finds, sorts and folds what stands here,
by the attributes of each study and by the list of facets.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from livingmeta import formats
from livingmeta.questions import Question
from livingmeta.studies import Studies
from livingmeta.tables.glance import PART_NAMES
from livingmeta.tables.html import Markup, definitions, missing, pmc_link, register_link, sources, text
from livingmeta.tables.study_results import (
    NO_QUESTION,
    Row,
    compared,
    results_table,
)
from livingmeta.tables.study_rows import Study, gathered, listed

NOT_STATED = "not stated"
NOT_CHECKED = "not checked"
DESIGNS = {
    "randomised": "randomised",
    "non_randomised": "not randomised",
    "unclear": "randomisation not stated",
    "cohort": "cohort",
    "registry": "registry",
    "case_control": "case-control",
    "cross_sectional": "cross-sectional",
    "mendelian_randomisation": "Mendelian randomisation",
}
USABLE = {"yes": "at least one usable number", "no": "no usable number"}


# Facets -------------------------------------------------------------------------------------------------

Values = Callable[[Study], Iterable[str]]


def _countries(study: Study) -> list[str]:
    if missing(study.row["country"]):
        return ["not recorded"]
    plain = re.sub(r"\([^)]*\)", "", str(study.row["country"]))
    return [name.strip() for name in plain.replace(";", "/").replace(",", "/").split("/") if name.strip()]


def _extents(study: Study) -> list[str]:
    found = [one.row["source_extent"] for one in study.results]
    return _words(found or [one["source_extent"] for one in study.reports])


def _retractions(study: Study) -> list[str]:
    states = [one["retraction_status"] for one in study.reports]
    return [NOT_CHECKED if missing(state) else str(state) for state in states] or [NOT_CHECKED]


def _words(cells: Iterable[Any]) -> list[str]:
    return [str(cell).replace("_", " ") for cell in cells if not missing(cell)]


def _usable(study: Study) -> list[str]:
    return ["yes" if any(one.is_numeric for one in study.results) else "no"]


def _seeds(study: Study) -> list[str]:
    return [*(["any"] if study.seeds else []), *study.seeds]


FACETS: dict[str, tuple[str, Values]] = {
    "part": ("Part", lambda study: [q.part for q in study.questions] or ["none"]),
    "question": ("Question", lambda study: [q.id for q in study.questions] or ["none"]),
    "design": ("Design", lambda study: [str(study.row["design_type"])]),
    "country": ("Country", _countries),
    "extent": ("What was read", _extents),
    "usable": ("Usable number", _usable),
    "seed": ("Seed documents", _seeds),
    "retraction": ("Retraction check", _retractions),
}


def values_of(study: Study) -> dict[str, list[str]]:
    """Return the values of each facet that a study has, each once."""
    return {name: list(dict.fromkeys(values(study))) for name, (_, values) in FACETS.items()}


def facets(found: Sequence[Study], questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Return what studies can be filtered by: key, label, and value with its words, in order."""
    words = {
        "part": {**PART_NAMES, "none": NO_QUESTION},
        "question": {**{q.id: f"{PART_NAMES[q.part]}: {q.title}" for q in questions}, "none": NO_QUESTION},
        "design": DESIGNS,
        "usable": USABLE,
    }
    seeds = sorted({name for study in found for name in study.seeds})
    words["seed"] = {"any": "any seed document", **{name: f"seed document {name}" for name in seeds}}
    told = [values_of(study) for study in found]
    return [_facet(name, [one[name] for one in told], words.get(name, {})) for name in FACETS]


def _facet(name: str, told: Sequence[Sequence[str]], words: Mapping[str, str]) -> dict[str, Any]:
    there = {value for values in told for value in values}
    order = [value for value in words if value in there]
    order += sorted(there - set(order), key=str.lower)
    return {
        "key": name,
        "label": FACETS[name][0],
        "values": [[value, words.get(value, value)] for value in order],
    }


# The page -----------------------------------------------------------------------------------------------


def study_pages(studies: Studies, questions: Sequence[Question]) -> dict[str, Markup]:
    """Return the list of studies, and the short one of those from seed documents, by fragment."""
    found = gathered(studies, questions)
    return {"studies": study_list(found, questions), "seeds": seed_list(found)}


def study_list(found: Sequence[Study], questions: Sequence[Question]) -> Markup:
    """Return every study with its reports, results and the questions that use it; one anchor per study."""
    asked = json.dumps(facets(found, questions), ensure_ascii=False).replace("</", "<\\/")
    cards = "".join(_card(study) for study in found)
    return Markup(
        '<div class="lm-studies">'
        f'<script type="application/json" class="lm-facets">{asked}</script>'
        f'<div class="lm-study-list">{cards}</div></div>'
    )


def seed_list(found: Sequence[Study]) -> Markup:
    """Return the studies that the seed documents brought in, as a short list of links."""
    items = [
        f'<li><a href="studies.html#{one.id}">{text(one.row["label"])}</a> '
        f"({_seed_words(one.seeds)}): {text(one.row['setting_population'])}</li>"
        for one in found
        if one.seeds
    ]
    if not items:
        return Markup("<p>No study came from a seed document.</p>")
    return Markup(f'<ul class="lm-seeds">{"".join(items)}</ul>')


def _seed_words(seeds: Sequence[str]) -> str:
    return f"seed {'document' if len(seeds) == 1 else 'documents'} {formats.listing(list(seeds))}"


def _card(study: Study) -> str:
    numbers = {"year": study.row["year"], "n": study.row["n_total"], "results": float(len(study.results))}
    sorting = {key: "" if missing(value) else f"{value:.0f}" for key, value in numbers.items()}
    attributes = {**{key: "|".join(values) for key, values in values_of(study).items()}, **sorting}
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in attributes.items())
    said = _fold_words(study)
    return (
        f'<section class="lm-study" id="{study.id}"{data} aria-labelledby="{study.id}-name">'
        f'<h3 id="{study.id}-name">{text(study.row["label"])}'
        f'<a class="headerlink" href="#{study.id}" title="Link to this study">#</a></h3>'
        f"{_badges(study)}{_line(study)}"
        f'<details class="lm-study-more" open><summary>{text(said)}</summary>'
        f"{definitions(_facts(study))}{_results(study)}</details></section>"
    )


def _fold_words(study: Study) -> str:
    counted = [
        f"{formats.count(n)} {one if n == 1 else many}"
        for n, one, many in (
            (len(study.reports), "report", "reports"),
            (len(study.results), "result", "results"),
            (len(study.corrections), "correction", "corrections"),
        )
        if n
    ]
    return f"Facts, {formats.listing(counted)}" if counted else "Facts"


def _badges(study: Study) -> str:
    badges = [("lm-pill-pooled", _seed_words(study.seeds))] if study.seeds else []
    odd = {state for state in _retractions(study) if state in ("retracted", "expression of concern")}
    badges += [("lm-pill-conflict", state) for state in sorted(odd)]
    if any(report["report_type"] == "erratum" for report in study.reports):
        badges.append(("lm-pill-conflict", "has an erratum"))
    if study.corrections:
        badges.append(("lm-pill-conflict", "corrected here"))
    if study.results and not any(one.is_numeric for one in study.results):
        badges.append(("", "no usable number"))
    pills = "".join(f'<span class="lm-pill {css}">{text(words)}</span> ' for css, words in badges)
    return f'<p class="lm-badges">{pills.strip()}</p>' if pills else ""


def _line(study: Study) -> str:
    row = study.row
    n = None if missing(row["n_total"]) else f"{formats.count(float(row['n_total']))} participants"
    parts = [_design(row), row["country"], n]
    said = " · ".join(text(part) for part in parts if not missing(part))
    asked = ", ".join(
        f'<a href="questions/{q.part}/{q.id}.html">{text(q.title)}</a>' for q in study.questions
    )
    return f'<p class="lm-study-line">{said}<br>In: {asked or NO_QUESTION}</p>'


def _design(row: Row) -> Any:
    kind = row["design_type"]
    return DESIGNS.get(str(kind), kind) if missing(row["design"]) else row["design"]


def _facts(study: Study) -> list[tuple[str, Any]]:
    row = study.row
    always = [
        ("Population", row["setting_population"]),
        (
            "Compared",
            "; ".join(dict.fromkeys(compared(one.row) for one in study.results if compared(one.row))),
        ),
        ("Outcomes", "; ".join(dict.fromkeys(str(one.row["outcome_definition"]) for one in study.results))),
        ("Design", _design(row)),
        ("Country", row["country"]),
        ("Participants", None if missing(row["n_total"]) else formats.count(float(row["n_total"]))),
        ("Funding", NOT_STATED if missing(row["funding"]) else row["funding"]),
        ("Interests", NOT_STATED if missing(row["interests"]) else row["interests"]),
        ("Reports", _report_list(study.reports)),
    ]
    sometimes = [
        ("Also called", _other_names(row)),
        ("Registration", register_link(row["registration"])),
        ("To keep in mind", row["trust_note"]),
        ("Overlaps", _overlap_list(study)),
        ("Screening", _bullets(_decision(record) for record in study.screening)),
        ("Corrected here", _bullets(_correction(one) for one in study.corrections)),
    ]
    return [*always, *((term, value) for term, value in sometimes if not missing(value))]


def _bullets(items: Iterable[str]) -> Markup:
    body = "".join(f"<li>{item}</li>" for item in items)
    return Markup(f"<ul>{body}</ul>" if body else "")


def _other_names(row: Row) -> str:
    """Return the names a study also goes by, without mere spellings of its label."""

    def spelled(name: str) -> str:
        return name.replace(" ", "").lower()

    return ", ".join(name for name in listed(row["aliases"]) if spelled(name) != spelled(str(row["label"])))


def _report_list(reports: Sequence[Row]) -> Markup:
    return _bullets(_report(report) for report in reports) or Markup(text(""))


def _report(report: Row) -> str:
    cited = ". ".join(
        text(report[name]).rstrip(".")
        for name in ("authors", "title", "journal", "year", "volume_pages")
        if not missing(report[name])
    )
    kind = text(str(report["report_type"]).replace("_", " "))
    mark = f"<strong>{kind.upper()}</strong>" if kind == "erratum" else f"<em>{kind}</em>"
    links = sources(report["doi"], report["pmid"], "(no DOI or PMID recorded)").replace("<br>", " ")
    state = NOT_CHECKED if missing(report["retraction_status"]) else report["retraction_status"]
    read = text(str(report["source_extent"]).replace("_", " "))
    notes = "" if missing(report["notes"]) else f" {text(report['notes'])}"
    small = f"<small>read: {read}; retraction: {text(state)}.{notes}</small>"
    return " ".join(part for part in (f"{mark}: {cited}", links, pmc_link(report["pmcid"]), small) if part)


def _overlap_list(study: Study) -> Markup:
    def said(other: str, words: str) -> str:
        link = f'<a href="#{other}">{text(study.labels[other])}</a>' if other else ""
        return f"{link} {escape(words)}".strip()

    return _bullets(said(*one) for one in study.overlaps)


def _decision(record: Row) -> str:
    parts = [str(record["decision"]).replace("_", " "), str(record["stage"]).replace("_", " ")]
    title = "" if missing(record["title"]) else f" “{text(record['title'])}”"
    twin = "" if missing(record["duplicate_of"]) else f" (duplicate of {text(record['duplicate_of'])})"
    return f"{text(record['record_id'])}{title}: {text(', '.join(parts))}: {text(record['reason'])}{twin}"


def _correction(one: Row) -> str:
    change = f"{text(one['old'], 'blank')} → {text(one['new'], 'blank')}"
    source = "" if missing(one["source"]) else f" ({text(one['source'])})"
    place = text(f"{one['table']}, {one['key']}, {one['column']}")
    return f"{text(one['date'])}, {place}: {change}. {text(one['reason'])}{source}"


def _results(study: Study) -> str:
    if not study.results:
        return "<p>No result of this study is recorded.</p>"
    return results_table(study.results)
