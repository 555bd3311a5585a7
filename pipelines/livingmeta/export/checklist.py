"""A reporting checklist filled from the project: what is there is counted, what is not is said.

Topics follow PRISMA 2020 and its extension for living systematic reviews, in our own words.
What the tables can answer is answered from them; what only people can answer stands on the
page "Protocol", and is "not recorded" or "not met" here until it stands there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from livingmeta import formats
from livingmeta.snapshots import Snapshot

MET, PARTLY, NOT_MET, UNKNOWN = "met", "partly met", "not met", "not recorded"
NOT_APPLICABLE = "not applicable"
SYSTEMATIC = "systematic"
SEARCH_PAGE = "'The search, and what was screened'"


@dataclass(frozen=True)
class Topic:
    """One topic of the checklist: what is asked for, whether it is met, and where or why not."""

    topic: str
    asked: str
    state: str
    where: str


Answer = tuple[str, str]
Rule = Callable[[Snapshot], Answer]


def checklist(snapshot: Snapshot) -> tuple[Topic, ...]:
    """Return every topic with its state in a snapshot."""
    return tuple(
        Topic(topic, asked, *(found(snapshot) if callable(found) else found))
        for topic, asked, found in TOPICS
    )


def _looks(snapshot: Snapshot) -> tuple[int, int]:
    """Return how many looks there were, and how many of them were systematic."""
    kinds = snapshot.studies.searches.dropna(subset=["date"])["kind"].astype(str)
    return len(kinds), int((kinds == SYSTEMATIC).sum())


def _sources(snapshot: Snapshot) -> Answer:
    looks, systematic = _looks(snapshot)
    counted = f"{formats.count(looks)} looks, {formats.count(systematic)} of them systematic"
    said = f"Page {SEARCH_PAGE}; {counted}."
    return (MET if systematic else PARTLY if looks else NOT_MET), said


def _strategy(snapshot: Snapshot) -> Answer:
    queries = snapshot.studies.searches["query"].notna()
    said = f"Query recorded for {formats.count(int(queries.sum()))} of {formats.count(len(queries))} looks."
    return (MET if len(queries) and queries.all() else PARTLY if queries.any() else NOT_MET), said


def _selection(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.screening)
    return (
        PARTLY,
        f"{formats.count(n)} decisions on page {SEARCH_PAGE}; two independent readers: not met.",
    )


def _flow(snapshot: Snapshot) -> Answer:
    found = snapshot.studies.searches["records_found"]
    said = (
        "Records returned by a look are not counted in full." if found.isna().any() or not len(found) else ""
    )
    return (PARTLY if said else MET), f"Counts of decisions on page {SEARCH_PAGE}. {said}".strip()


def _excluded(snapshot: Snapshot) -> Answer:
    screening = snapshot.studies.screening
    out = screening[screening["decision"].astype(str).str.startswith("exclude")]
    with_reason = int(out["reason"].notna().sum())
    state = MET if with_reason == len(out) else PARTLY
    return state, f"{formats.count(with_reason)} of {formats.count(len(out))} exclusions have a reason."


def _characteristics(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.studies)
    return (
        MET,
        f"Page 'Studies' and study-characteristics.docx: {formats.count(n)} studies, gaps shown as such.",
    )


def _risk_of_bias(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.risk_of_bias)
    return (
        (PARTLY, f"{formats.count(n)} judgements recorded.")
        if n
        else (NOT_MET, "Risk of bias: not assessed.")
    )


def _certainty(snapshot: Snapshot) -> Answer:
    rated = snapshot.studies.certainty["question_id"].nunique()
    if not rated:
        return NOT_MET, "Certainty: not assessed."
    said = f"{formats.count(rated)} of {formats.count(len(snapshot.questions))} questions rated."
    return (MET if rated == len(snapshot.questions) else PARTLY), said


def _asymmetry(snapshot: Snapshot) -> Answer:
    said = (
        "Section 'Small-study effects' of each page, or the reason why it is absent; no structured judgement."
    )
    return PARTLY, said


def _results(snapshot: Snapshot) -> Answer:
    pooled = sum(bool(record["pooled"]) for record in snapshot.records.values())
    n = formats.count(len(snapshot.records))
    return MET, f"{n} questions, {formats.count(pooled)} pooled; the others say why they are not."


def _thresholds(snapshot: Snapshot) -> Answer:
    n = sum(one.minimal_important_difference is not None for one in snapshot.questions.values())
    said = f"Smallest difference that matters: declared for {formats.count(n)} questions."
    return (MET if n == len(snapshot.questions) else PARTLY if n else NOT_MET), said


def _version(snapshot: Snapshot) -> Answer:
    if snapshot.release is None:
        return PARTLY, "The title says 'living'; this version is not released."
    version = f"version {snapshot.version} of {snapshot.identity.date}"
    return PARTLY, f"The title says 'living'; {version} stands in the header."


def _previous(snapshot: Snapshot) -> Answer:
    if snapshot.release is None:
        return NOT_APPLICABLE, "This version is not released."
    if snapshot.release.previous is None:
        return NOT_APPLICABLE, "The first version."
    return MET, f"Version {snapshot.release.previous}, in the release's manifest."


def _trigger(snapshot: Snapshot) -> Answer:
    if snapshot.release is None:
        return NOT_APPLICABLE, "This version is not released."
    return MET, f"{snapshot.release.kind}: {snapshot.release.reason}"


def _declared(key: str, what: str) -> Rule:
    """Return the rule that counts for how many questions the living mode says something."""

    def rule(snapshot: Snapshot) -> Answer:
        n = sum(one.living.get(key) is not None for one in snapshot.questions.values())
        total = len(snapshot.questions)
        state = MET if n == total else PARTLY if n else NOT_MET
        return state, f"{what}: declared for {formats.count(n)} of {formats.count(total)} questions."

    return rule


def _revised(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.corrections)
    return MET, f"Table of corrections: {formats.count(n)} recorded changes of a curated cell."


def _awaiting(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.ongoing)
    return (MET if n else UNKNOWN), f"{formats.count(n)} trials and reports to watch."


def _others(snapshot: Snapshot) -> Answer:
    n = len(snapshot.studies.published)
    return PARTLY, f"{formats.count(n)} results of other meta-analyses recorded; no structured comparison."


PROTOCOL = "Page 'Protocol'"
TOPICS: tuple[tuple[str, str, Answer | Rule], ...] = (
    ("Title", "names the kind of review, that it is living, and the version", _version),
    ("Abstract", "a structured summary", (NOT_MET, "There is a table of all questions and no abstract.")),
    ("Rationale", "why the review is needed, given what is known", _others),
    ("Objectives", "the questions, with population, intervention, comparator, outcome", (MET, "Each page.")),
    (
        "Eligibility",
        "criteria, and how studies were grouped for synthesis",
        (MET, "Each page, its question file."),
    ),
    ("Sources", "every source that was searched, with the date", _sources),
    ("Search strategy", "the full strategy of every source, with limits", _strategy),
    ("Selection", "how it was decided what enters, by how many people", _selection),
    (
        "Data collection",
        "how data were taken from reports, by how many people",
        (PARTLY, f"{PROTOCOL}: single extractor; no number has been double-checked."),
    ),
    ("Data items", "all outcomes and variables that were sought", (MET, "Page 'Data dictionary'.")),
    ("Risk of bias in studies", "the instrument, and the judgement for each result", _risk_of_bias),
    ("Effect measures", "the measure of each outcome", (MET, "Page 'Methods', each page.")),
    ("Thresholds", "what difference matters, where this is used", _thresholds),
    (
        "Synthesis methods",
        "models, preparation of data, software",
        (MET, "Page 'Methods', the code, its tests."),
    ),
    ("Sensitivity analyses", "how robust the result is", (MET, "Each page; the multiverse where declared.")),
    ("Missing results", "bias through results that were not reported", _asymmetry),
    ("Certainty", "the body of evidence for each outcome", _certainty),
    ("Flow", "counts from records found to studies included", _flow),
    ("Excluded studies", "those that might be expected, each with its reason", _excluded),
    ("Study characteristics", "each study with its citation", _characteristics),
    (
        "Results of studies",
        "for each study, summary and effect with interval",
        (MET, "Each page, its CSV file."),
    ),
    ("Results of syntheses", "estimate, interval, spread between studies", _results),
    ("Discussion", "meaning, limits of the evidence and of the process", (PARTLY, "Limits on each page.")),
    (
        "Registration and protocol",
        "where they are, and changes of them",
        (NOT_MET, f"{PROTOCOL}: not registered."),
    ),
    (
        "Support",
        "money and other support, and the role of who gave it",
        (UNKNOWN, f"{PROTOCOL}: not stated."),
    ),
    ("Competing interests", "of the authors", (UNKNOWN, f"{PROTOCOL}: not stated.")),
    ("Availability", "data, code and other material", (MET, "All in the repository and in each release.")),
    ("Living: preceding version", "the version before, cited", _previous),
    ("Living: why", "why the question is kept up, or not", _declared("because", "Reason")),
    ("Living: status", "whether the question is currently kept up", _declared("status", "Status")),
    (
        "Living: schedule",
        "how often each step is done",
        _declared("search_every_months", "Months between searches"),
    ),
    ("Living: retirement", "when the living mode ends", _declared("retire_when", "Rule")),
    ("Living: what triggered this version", "the cause of the new version", _trigger),
    ("Living: changes of earlier data", "what was revised in studies already included", _revised),
    ("Living: evidence awaiting", "what is known and not yet included", _awaiting),
    ("Living: roles in this version", "who did what", (UNKNOWN, f"{PROTOCOL}: not stated.")),
    (
        "Living: repeated looks",
        "how many looks, and what that means",
        (PARTLY, f"{PROTOCOL}: a plain caution."),
    ),
)
