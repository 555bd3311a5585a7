"""A methods paragraph for a manuscript, made from what was done, and saying what was not.

Counts come from the tables of the snapshot. NOT_DONE holds what no table says; a test compares
it with the protocol page.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from livingmeta import formats
from livingmeta.effect_sizes.measures import MEASURES
from livingmeta.estimators import COUNT_METHODS
from livingmeta.export.provenance import NOT_RECORDED, facts, hashes, statement
from livingmeta.export.registry import Files
from livingmeta.numbers import number, stamp_text
from livingmeta.questions import Question
from livingmeta.snapshots import Snapshot
from livingmeta.studies import read_text_table

FILE = "methods.md"
NOT_DONE = (
    "The review is not registered, and no protocol was published before the first data were read. "
    "Contributors' roles, funding and competing interests are not stated."
)
SOFTWARE = ("PyMARE", "numpy", "scipy", "pandas")
ESTIMATORS = {
    "REML": "restricted maximum likelihood (REML)",
    "ML": "maximum likelihood (ML)",
    "DL": "the method of DerSimonian and Laird (DL)",
    "PM": "the method of Paule and Mandel (PM)",
    "EB": "empirical Bayes (EB)",
    "HE": "the method of Hedges (HE)",
    "HS": "the method of Hunter and Schmidt (HS)",
    "SJ": "the method of Sidik and Jonkman (SJ)",
}
INTERVALS = {
    "adhoc": "the Knapp–Hartung method, its standard error never smaller than that of the normal interval",
    "knha": "the Knapp–Hartung method",
    "z": "the normal distribution",
}
COMMON = {
    "MH": "Mantel–Haenszel without a correction of zero cells",
    "PETO": "Peto's method",
    "EE": "inverse-variance weights",
}
Record = Mapping[str, Any]
Row = Mapping[str, str]


def methods_files(snapshot: Snapshot) -> Files:
    """Return the methods paragraph of a snapshot, as Markdown."""
    return {FILE: methods(snapshot).encode()}


def methods(snapshot: Snapshot) -> str:
    """Return what was done, what was not, and a line per question."""
    paragraphs = {
        "Search and eligibility": _search(snapshot),
        "Extraction and appraisal": _extraction(snapshot),
        "Effect measures": _measures(snapshot),
        "Synthesis": _synthesis(snapshot),
        "Software and version": _software(snapshot),
    }
    head = ["# Methods", *_quoted(statement(snapshot))]
    body = [line for title, text in paragraphs.items() for line in ("", f"**{title}.** {text}")]
    questions = ["", "## Questions", "", *(f"- {line}" for line in _questions(snapshot))]
    return "\n".join([*head, *body, *questions]) + "\n"


def _quoted(lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield from (f"> {line}  " for line in lines)


def _rows(snapshot: Snapshot, name: str) -> list[Row]:
    path = snapshot.data / name
    return [row for _, row in read_text_table(path).records()] if path.exists() else []


def _search(snapshot: Snapshot) -> str:
    looks = _rows(snapshot, "searches.csv")
    listed = formats.listing([f"{row['source']} ({row['date'] or f'date {NOT_RECORDED}'})" for row in looks])
    systematic = [row for row in looks if row["kind"] == "systematic"]
    if not looks:
        kind = "How studies were found is not recorded."
    elif systematic:
        kind = (
            f"Studies were found through {listed}; {formats.words(len(systematic))} of "
            f"{formats.words(len(looks))} of these were systematic searches."
        )
    else:
        kind = (
            f"Studies were found through {listed}. This was an exploratory look, not a systematic search: "
            "studies may be missing."
        )
    return f"{kind} The eligibility criteria of each question stand in its file and on its page."


def _extraction(snapshot: Snapshot) -> str:
    rows = [row for path in _effect_files(snapshot) for row in _rows(snapshot, f"effects/{path.name}")]
    verified = sum(bool(row.get("verified_by")) for row in rows)
    abstracts = sum(row.get("source_extent") == "abstract" for row in rows)
    by = formats.listing(sorted({row.get("extracted_by") or NOT_RECORDED for row in rows}))
    checked = f"{formats.count(verified)} of {formats.count(len(rows))} rows" if verified else "no row"
    return (
        f"Results were entered as printed, each with the place it was read at "
        f"({formats.count(len(rows))} rows, {formats.count(abstracts)} from abstracts; extracted by: {by}); "
        f"{checked} was checked by a second person. "
        f"{_appraisal(snapshot, 'risk_of_bias.csv', 'The risk of bias')} "
        f"{_appraisal(snapshot, 'certainty.csv', 'The certainty of the evidence')} {NOT_DONE}"
    )


def _effect_files(snapshot: Snapshot) -> list[Path]:
    return sorted((snapshot.data / "effects").glob("*.csv"))


def _appraisal(snapshot: Snapshot, table: str, what: str) -> str:
    n = len(_rows(snapshot, table))
    if not n:
        return f"{what} was not assessed."
    return f"{what} was assessed in part: {formats.count(n)} judgements are recorded."


def _measures(snapshot: Snapshot) -> str:
    codes = Counter(record["measure"] for record in snapshot.records.values() if record["k"])
    if not codes:
        return "No effect sizes were computed."
    known = [MEASURES[code] for code in sorted(codes) if code in MEASURES]
    named = formats.listing([f"{one.name} ({one.label})" for one in known])
    scales = {one.scale for one in known}
    logs = " Ratios were analysed as natural logarithms." if "log" in scales else ""
    fisher = " Correlations were analysed as Fisher's z." if "fisher_z" in scales else ""
    return f"The effect measures were: {named}.{logs}{fisher} Results are given on their natural scale."


def _synthesis(snapshot: Snapshot) -> str:
    pooled = {name: record for name, record in snapshot.records.items() if record["pooled"]}
    rules = (
        "By rule, a single study is not pooled and is given with a normal interval, two are shown side by "
        "side, and three or four are pooled only where their contrasts match."
    )
    if not pooled:
        return f"Nothing was pooled. {rules}"
    sentences = (
        _models(pooled.values()),
        _prediction(snapshot, pooled),
        _common(pooled.values()),
        _zero_cells(snapshot),
        rules,
        _multiverse(pooled.values()),
    )
    return " ".join(filter(None, sentences))


def _models(records: Iterable[Record]) -> str:
    records = list(records)
    random = sorted({record["method"] for record in records if record["method"] in ESTIMATORS})
    others = sorted({record["method"] for record in records} - set(random))
    tests = sorted({record["test"] for record in records})
    variance = formats.listing([ESTIMATORS[method] for method in random], "or")
    first = f"Random-effects models were fitted, tau² estimated by {variance}" if random else ""
    second = f"models with one common effect by {formats.listing(_common_names(others))}" if others else ""
    intervals = formats.listing([INTERVALS.get(test, test) for test in tests], "or")
    said = "; ".join(filter(None, (first, second)))
    return f"{said[:1].upper()}{said[1:]}. Intervals follow {intervals}."


def _prediction(snapshot: Snapshot, pooled: Mapping[str, Record]) -> str:
    degrees = sorted({snapshot.questions[name].pi_df for name in pooled if name in snapshot.questions})
    if not degrees or not any(record["pi_lower"] is not None for record in pooled.values()):
        return ""
    by = [
        "the normal distribution" if one == "normal" else f"t with {one} degrees of freedom"
        for one in degrees
    ]
    return f"Prediction intervals use {formats.listing(by, 'or')} and are shown from five studies."


def _common_names(methods: Iterable[str]) -> list[str]:
    return [COMMON.get(method, method) for method in methods]


def _common(records: Iterable[Record]) -> str:
    used = sorted({found["method"] for record in records if (found := record["common_effect"])["method"]})
    if not used:
        return ""
    return f"Beside each stands a common-effect estimate by {formats.listing(_common_names(used), 'or')}."


def _zero_cells(snapshot: Snapshot) -> str:
    """Return what was done about zero cells, said only where tables with one were met."""
    notes = [note for record in snapshot.records.values() for note in record["warnings"]]
    if not any("added to the cells" in note for note in notes):
        return ""
    return (
        "For inverse-variance models 0.5 was added to the cells of tables with a zero, and of no other; "
        "tables without any event do not enter ratios."
    )


def _multiverse(records: Iterable[Record]) -> str:
    sizes = [record["multiverse"]["n"] for record in records if record["multiverse"]]
    if not sizes:
        return ""
    return (
        f"For {formats.words(len(sizes))} {'question' if len(sizes) == 1 else 'questions'} all combinations "
        "of choices that could have been made otherwise were computed "
        f"({formats.listing([formats.count(n) for n in sizes])} analyses) and are given as a range."
    )


def _software(snapshot: Snapshot) -> str:
    who = facts(snapshot)
    used = formats.listing([f"{name} {version}" for name, version in packages(snapshot).items()])
    python = f"Python {snapshot.release.python} with " if snapshot.release is not None else ""
    called = f"from version {who['release']}" if snapshot.identity.is_release else "unreleased"
    return (
        f"Analyses were run by the software of the living meta-analysis ({python}{used}). "
        f"All numbers are {called} (commit {who['commit']}, {who['date']}, hash {who['hash']})."
    )


def packages(snapshot: Snapshot) -> dict[str, str]:
    """Return the versions of what computed the numbers: a release's own, else those installed."""
    if snapshot.release is not None:
        frozen = {name.lower(): version for name, version in snapshot.release.packages.items()}
        return {name: frozen[name.lower()] for name in SOFTWARE if name.lower() in frozen}
    return {name: metadata.version(name) for name in SOFTWARE}


def _questions(snapshot: Snapshot) -> list[str]:
    """Return a line per question, in the order of the book, then those whose file is gone."""
    order = [name for name in snapshot.questions if name in snapshot.records]
    rest = sorted(set(snapshot.records) - set(order))
    return [_line(snapshot, name, snapshot.questions.get(name)) for name in [*order, *rest]]


def _line(snapshot: Snapshot, name: str, question: Question | None) -> str:
    record = snapshot.records[name]
    lead = number(record, "verdict")
    stamp = stamp_text(name, "verdict", hashes(snapshot)[name], snapshot.version)
    designs = f"{question.designs}; " if question is not None else ""
    said = f"{_what_was_done(record)}{f'; the page leads with {lead.text}{_behind(record)}' if lead else ''}"
    return f"*{record['title']}* ({designs}{said}) {stamp}"


def _behind(record: Record) -> str:
    """Return the studies and model of the leading number where they are not those of the main model."""
    said = record["verdict"]
    if said.get("k") is None or (said["k"], said["method"]) == (record["k"], record["method"]):
        return ""
    return f" from {formats.count(said['k'])} of them ({said['method']})"


def _what_was_done(record: Record) -> str:
    k, people = record["k"], record["participants"]
    n = f", {formats.count(people)} participants" if people else ""
    if not record["pooled"]:
        one = f"one study{n}, not pooled" if k == 1 else "nothing was pooled"
        reason = record["reason"].rstrip(".")
        return f"{one}: {reason[:1].lower()}{reason[1:]}" if reason else one
    model = record["method"] if record["method"] in COUNT_METHODS else f"{record['method']}, {record['test']}"
    variants = sum(one["estimate"] is not None for one in record["sensitivity"])
    beside = f", {formats.words(variants)} sensitivity analyses" if variants else ""
    return f"{formats.count(k)} studies{n}, {model}{beside}"
