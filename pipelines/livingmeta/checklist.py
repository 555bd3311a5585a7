"""A reporting checklist filled from the project: what is there is counted, what is not is said.

Topics follow PRISMA 2020 and its extension for living systematic reviews, in our own words.
What the tables can answer is answered from them; what only people can answer stands on the
page "Protocol", and is "not recorded" or "not met" here until it stands there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from livingmeta import formats
from livingmeta.questions import Question
from livingmeta.releases import Identity, Release
from livingmeta.studies import Studies
from livingmeta.vocabulary import EXCLUDED, PENDING, SYSTEMATIC

MET, PARTLY, NOT_MET, UNKNOWN = "met", "partly met", "not met", "not recorded"
NOT_APPLICABLE = "not applicable"
SOURCE = "source"  # a source taken as it was given, which is no look
SEARCH_PAGE = "'The search, and what was screened'"


class Evidence(Protocol):
    """What the checklist looks at: a snapshot, or what a build has at hand."""

    @property
    def studies(self) -> Studies:
        """Return the curated tables."""

    @property
    def questions(self) -> Mapping[str, Question]:
        """Return the questions by id."""

    @property
    def records(self) -> Mapping[str, dict[str, Any]]:
        """Return the records by question id."""

    @property
    def identity(self) -> Identity:
        """Return what it calls itself."""

    @property
    def release(self) -> Release | None:
        """Return the release that it is."""


@dataclass(frozen=True)
class Gathered:
    """What a build has at hand for the checklist."""

    studies: Studies
    questions: Mapping[str, Question]
    records: Mapping[str, dict[str, Any]]
    identity: Identity
    release: Release | None


@dataclass(frozen=True)
class Topic:
    """One topic of the checklist: its item, what is asked for, whether it is met, and where or why not."""

    item: str
    topic: str
    asked: str
    state: str
    where: str


Answer = tuple[str, str]
Rule = Callable[[Evidence], Answer]


def checklist(at: Evidence) -> tuple[Topic, ...]:
    """Return every topic with its state."""
    return tuple(
        Topic(item, topic, asked, *(found(at) if callable(found) else found))
        for item, topic, asked, found in TOPICS
    )


def _looks(at: Evidence) -> tuple[int, int, int]:
    """Return how many looks there were, how many of them were systematic, and how many other sources."""
    kinds = at.studies.searches["kind"].astype(str)
    others = int((kinds == SOURCE).sum())
    return len(kinds) - others, int((kinds == SYSTEMATIC).sum()), others


def _looks_in_words(at: Evidence) -> str:
    looks, systematic, others = _looks(at)
    parts = [
        formats.counted(n, one, many)
        for n, one, many in (
            (systematic, "systematic search", "systematic searches"),
            (looks - systematic, "exploratory look", "exploratory looks"),
            (others, "other source", "other sources"),
        )
        if n
    ]
    return f"{formats.listing(parts) if parts else 'no look'}{'' if systematic else '; none is systematic'}"


def _sources(at: Evidence) -> Answer:
    looks, systematic, _ = _looks(at)
    said = f"Page {SEARCH_PAGE}: {_looks_in_words(at)}."
    return (MET if systematic else PARTLY if looks else NOT_MET), said


def _strategy(at: Evidence) -> Answer:
    searches = at.studies.searches
    queries = searches.loc[searches["kind"].astype(str).ne(SOURCE), "query"].notna()
    n = len(queries)
    looks = "look" if n == 1 else "looks"
    said = f"Query recorded for {formats.count(int(queries.sum()))} of {formats.count(n)} {looks}."
    return (MET if len(queries) and queries.all() else PARTLY if queries.any() else NOT_MET), said


def _selection(at: Evidence) -> Answer:
    n = int(at.studies.screening["decision"].ne(PENDING).sum())
    return (
        PARTLY,
        f"{formats.count(n)} decisions on page {SEARCH_PAGE}; two independent readers: not met.",
    )


def _flow(at: Evidence) -> Answer:
    found = at.studies.searches["records_found"]
    said = (
        "Records returned by a look are not counted in full." if found.isna().any() or not len(found) else ""
    )
    return (PARTLY if said else MET), f"Page 'Reporting', counts on page {SEARCH_PAGE}. {said}".strip()


def _excluded(at: Evidence) -> Answer:
    screening = at.studies.screening
    out = screening[screening["decision"].astype(str).eq(EXCLUDED)]
    with_reason = int(out["reason"].notna().sum())
    state = MET if with_reason == len(out) else PARTLY
    return state, f"{formats.count(with_reason)} of {formats.count(len(out))} exclusions have a reason."


def _characteristics(at: Evidence) -> Answer:
    n = len(at.studies.studies)
    return (
        MET,
        f"Page 'Studies' and study-characteristics.docx: {formats.count(n)} studies, gaps shown as such.",
    )


def _risk_of_bias(at: Evidence) -> Answer:
    n = len(at.studies.risk_of_bias)
    return (
        (PARTLY, f"{formats.count(n)} judgements recorded.")
        if n
        else (NOT_MET, "Risk of bias: not assessed.")
    )


def _certainty(at: Evidence) -> Answer:
    rated = at.studies.certainty["question_id"].nunique()
    if not rated:
        return NOT_MET, "Certainty: not assessed."
    said = f"{formats.count(rated)} of {formats.count(len(at.questions))} questions rated."
    return (MET if rated == len(at.questions) else PARTLY), said


def _collection(at: Evidence) -> Answer:
    rows = [value for table in at.studies.effects.values() for value in table["verified_by"].notna()]
    checked = f"{formats.count(sum(rows))} of {formats.count(len(rows))} results double-checked"
    return (MET if rows and all(rows) else PARTLY), f"{PROTOCOL}: single extractor; {checked}."


def _asymmetry(at: Evidence) -> Answer:
    said = (
        "Section 'Small-study effects' of each page, or the reason why it is absent; no structured judgement."
    )
    return PARTLY, said


def _results(at: Evidence) -> Answer:
    pooled = sum(bool(record["pooled"]) for record in at.records.values())
    n = formats.count(len(at.records))
    return MET, f"{n} questions, {formats.count(pooled)} pooled; the others say why they are not."


def _thresholds(at: Evidence) -> Answer:
    n = sum(one.minimal_important_difference is not None for one in at.questions.values())
    said = f"Smallest difference that matters: declared for {formats.count(n)} questions."
    return (MET if n == len(at.questions) else PARTLY if n else NOT_MET), said


def _title(at: Evidence) -> Answer:
    _, systematic, _ = _looks(at)
    if systematic:
        return MET, "The title of the book."
    return PARTLY, "The title says 'living'; it does not say 'systematic', because no search was."


def _version(at: Evidence) -> Answer:
    if at.release is None:
        return PARTLY, "The title says 'living'; this version is not released."
    version = f"version {at.identity.text} of {at.identity.date}"
    return MET, f"The title says 'living'; {version} stands in the header of each page."


def _previous(at: Evidence) -> Answer:
    if at.release is None:
        return NOT_APPLICABLE, "This version is not released."
    if at.release.previous is None:
        return NOT_APPLICABLE, "The first version."
    return MET, f"Version {at.release.previous}, in the release's manifest."


def _trigger(at: Evidence) -> Answer:
    if at.release is None:
        return NOT_APPLICABLE, "This version is not released."
    return MET, f"{at.release.kind}: {at.release.reason}"


def _changed(at: Evidence) -> Answer:
    if at.release is None:
        return PARTLY, "This version is not released; 'livingmeta diff' names every changed key and number."
    if at.release.previous is None:
        return NOT_APPLICABLE, "The first version."
    return MET, f"Page 'Changes in {at.release.version}', with reasons where they were recorded."


def _retired(at: Evidence) -> Answer:
    out = [one for one in at.questions.values() if "not currently living" in str(one.living.get("status"))]
    said = (
        f"{formats.count(len(out))} of {formats.count(len(at.questions))} questions "
        f"{'is' if len(out) == 1 else 'are'} not currently living"
    )
    return MET, f"{said}; their pages say why."


def _declared(key: str, what: str) -> Rule:
    """Return the rule that counts for how many questions the living mode says something."""

    def rule(at: Evidence) -> Answer:
        n = sum(one.living.get(key) is not None for one in at.questions.values())
        total = len(at.questions)
        state = MET if n == total else PARTLY if n else NOT_MET
        return state, f"{what}: declared for {formats.count(n)} of {formats.count(total)} questions."

    return rule


def _revised(at: Evidence) -> Answer:
    n = len(at.studies.corrections)
    return MET, f"Table of corrections: {formats.count(n)} recorded changes of a curated cell."


def _awaiting(at: Evidence) -> Answer:
    n = len(at.studies.ongoing)
    return (MET if n else UNKNOWN), f"{formats.count(n)} trials and reports to watch."


def _others(at: Evidence) -> Answer:
    n = len(at.studies.published)
    return PARTLY, f"{formats.count(n)} results of other meta-analyses stand beside ours."


PROTOCOL = "Page 'Protocol'"
# Numbers of items: Page 2021, BMJ 372:n71; L1 to L4 and the living elements: Akl 2024, BMJ 387:e079183.
TOPICS: tuple[tuple[str, str, str, Answer | Rule], ...] = (
    ("1", "Title", "names the kind of review, and that it is living", _title),
    (
        "2",
        "Abstract",
        "a structured summary",
        (NOT_MET, "There is a table of all questions and no abstract."),
    ),
    ("3", "Rationale", "why the review is needed, given what is known", _others),
    (
        "4",
        "Objectives",
        "the questions, with population, intervention, comparator, outcome",
        (MET, "Each page."),
    ),
    (
        "5",
        "Eligibility",
        "criteria, and how studies were grouped for synthesis",
        (MET, "Each page, its question file."),
    ),
    ("6", "Sources", "every source that was searched, with the date", _sources),
    ("7", "Search strategy", "the full strategy of every source, with limits", _strategy),
    ("8", "Selection", "how it was decided what enters, by how many people", _selection),
    (
        "9",
        "Data collection",
        "how data were taken from reports, by how many people",
        _collection,
    ),
    ("10", "Data items", "all outcomes and variables that were sought", (MET, "Page 'Data dictionary'.")),
    ("11, 18", "Risk of bias in studies", "the instrument, and the judgement for each result", _risk_of_bias),
    ("12", "Effect measures", "the measure of each outcome", (MET, "Page 'Methods', each page.")),
    ("12", "Thresholds", "what difference matters, where this is used", _thresholds),
    (
        "13",
        "Synthesis methods",
        "models, preparation of data, software",
        (MET, "Page 'Methods', the code, its tests."),
    ),
    (
        "13",
        "Sensitivity analyses",
        "how robust the result is",
        (MET, "Each page; the multiverse where declared."),
    ),
    ("14, 21", "Missing results", "bias through results that were not reported", _asymmetry),
    ("15, 22", "Certainty", "the body of evidence for each outcome", _certainty),
    ("16", "Flow", "counts from records found to studies included", _flow),
    ("16", "Excluded studies", "those that might be expected, each with its reason", _excluded),
    ("17", "Study characteristics", "each study with its citation", _characteristics),
    (
        "19",
        "Results of studies",
        "for each study, summary and effect with interval",
        (MET, "Each page, its CSV file."),
    ),
    ("20", "Results of syntheses", "estimate, interval, spread between studies", _results),
    (
        "23",
        "Discussion",
        "meaning, limits of the evidence and of the process",
        (PARTLY, "Limits on each page; an introduction to each part."),
    ),
    (
        "24",
        "Registration and protocol",
        "where they are, and changes of them",
        (NOT_MET, f"{PROTOCOL}: not registered."),
    ),
    (
        "25",
        "Support",
        "money and other support, and the role of who gave it",
        (UNKNOWN, f"{PROTOCOL}: not stated."),
    ),
    ("26", "Competing interests", "of the authors", (UNKNOWN, f"{PROTOCOL}: not stated.")),
    (
        "27",
        "Availability",
        "data, code and other material",
        (MET, "All in the repository and in each release."),
    ),
    ("1", "Living: version", "the number of the version", _version),
    ("2", "Living: leaving the living mode", "whether this version is the last", _retired),
    ("3", "Living: why", "why the question is kept up, or not", _declared("because", "Reason")),
    ("3", "Living: preceding version", "the version before, cited", _previous),
    ("4", "Living: changes of questions", "what changed in the questions, and why", _changed),
    (
        "L1",
        "Living: schedule",
        "how often each source is searched",
        _declared("search_every_months", "Months between searches"),
    ),
    (
        "L1",
        "Living: other steps",
        "when screening, collection, judgement, analysis and publication are done",
        _declared("update_when", "Rule for an update"),
    ),
    ("L1", "Living: retirement", "when the living mode ends", _declared("retire_when", "Rule")),
    ("10", "Living: changes of earlier data", "what was revised in studies already included", _revised),
    (
        "13",
        "Living: repeated looks",
        "how many looks, and what that means",
        (PARTLY, f"{PROTOCOL}: a plain caution; no sequential method."),
    ),
    ("L2", "Living: changes of methods", "what changed since the version before", _changed),
    ("16", "Living: what triggered this version", "the cause of the new version", _trigger),
    ("16", "Living: flow over versions", "what each version added", (MET, "Page 'Reporting'.")),
    ("L3", "Living: changes of results", "what changed since the version before", _changed),
    (
        "23",
        "Living: limits",
        "limits of the living mode",
        (MET, f"{PROTOCOL}: section 'Limits of the living mode'."),
    ),
    ("L4", "Living: roles in this version", "who did what", (UNKNOWN, f"{PROTOCOL}: not stated.")),
    ("status", "Living: status", "whether the question is currently kept up", _declared("status", "Status")),
    ("status", "Living: evidence awaiting", "what is known and not yet included", _awaiting),
)
