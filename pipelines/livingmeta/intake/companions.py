"""Reports that belong together without being the same: notices, protocols, preprints, second reports."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from livingmeta.intake.evidence import NOTICES, Evidence, in_words, long_enough
from livingmeta.intake.keys import Key, doi_of
from livingmeta.intake.record import (
    ABSTRACT,
    COMMENT,
    CONCERN,
    ERRATUM,
    PREPRINT,
    PROTOCOL,
    REGISTRY_ENTRY,
    RETRACTION,
    Record,
)
from livingmeta.vocabulary import (
    COMMENT_ON,
    CONCERN_OF,
    ERRATUM_OF,
    PREPRINT_OF,
    PROTOCOL_OF,
    RETRACTION_OF,
    SECOND_REPORT,
)

LINK_OF = {
    ERRATUM: ERRATUM_OF, RETRACTION: RETRACTION_OF, CONCERN: CONCERN_OF, COMMENT: COMMENT_ON,
}  # fmt: skip
# What a relation of a record makes, and whether the record is what is about the other one.
SAID = {
    "erratum_of": (ERRATUM_OF, True), "retraction_of": (RETRACTION_OF, True),
    "concern_of": (CONCERN_OF, True),
    "comment_on": (COMMENT_ON, True), "preprint_of": (PREPRINT_OF, True),
    "retracted_by": (RETRACTION_OF, False),
    "corrected_by": (ERRATUM_OF, False), "concern_by": (CONCERN_OF, False),
    "published_as": (PREPRINT_OF, True),
    "commented_by": (COMMENT_ON, False), "protocol_of": (PROTOCOL_OF, True),
}  # fmt: skip
YEARS_TO_A_RETRACTION = 60
YEARS_TO_A_NOTICE, YEARS_BETWEEN_REPORTS, YEARS_TO_A_PAPER, YEARS_FROM_A_PROTOCOL = 15, 6, 4, 12

Found = tuple[str, bool, str]


def companion(a: Key, b: Key, found: Evidence) -> Found | None:
    """Return how two different reports belong together.

    Parameters
    ----------
    a, b : Key
        The records.
    found : Evidence
        What they have in common.

    Returns
    -------
    tuple of str, bool, str, or None
        The relation, whether `a` is the one that is about `b`, and why.
    """
    for rule in (_notice, _preprint, _protocol):
        if answer := rule(a, b, found):
            return answer
        if answer := rule(b, a, found):
            return answer[0], not answer[1], answer[2]
    return _second_report(a, b, found)


def _notice(a: Key, b: Key, found: Evidence) -> Found | None:
    """Return the link of a notice or comment `a` on the article `b`."""
    kind = a.kind if a.kind in LINK_OF else a.title.kind
    about = NOTICES | {COMMENT}
    if kind not in LINK_OF or {b.kind, b.title.kind} & about or b.kind in (REGISTRY_ENTRY,):
        return None
    if found.same:
        return LINK_OF[kind], True, f"same {' and '.join(found.same)}"
    latest = YEARS_TO_A_RETRACTION if LINK_OF[kind] in (RETRACTION_OF, CONCERN_OF) else YEARS_TO_A_NOTICE
    if a.year and b.year and not b.year - 1 <= a.year <= b.year + latest:
        return None
    names_it = (
        found.title.grade == "same"
        or (_quotes(a, b) and found.journal == "same")
        or (found.title.grade == "part" and found.title.score > 0.5)
    )
    if names_it and len(b.title.content) > 2 and found.journal != "differ":
        return (
            LINK_OF[kind],
            True,
            "it names the title" + (", same journal" if found.journal == "same" else ""),
        )
    return None


def _quotes(a: Key, b: Key) -> bool:
    """Return whether the title of `a` has that of `b` within it."""
    return len(b.title.squeezed) > 25 and b.title.squeezed in a.title.squeezed


def _preprint(a: Key, b: Key, found: Evidence) -> Found | None:
    if a.kind != PREPRINT or b.kind in NOTICES | {PREPRINT, REGISTRY_ENTRY, COMMENT}:
        return None
    if found.years is not None and found.years > YEARS_TO_A_PAPER:
        return None
    return (PREPRINT_OF, True, in_words(found)) if _one_study(a, b, found) else None


def _protocol(a: Key, b: Key, found: Evidence) -> Found | None:
    if (
        a.kind != PROTOCOL
        or b.title.kind == PROTOCOL
        or b.kind in NOTICES | {PROTOCOL, COMMENT, REGISTRY_ENTRY}
    ):
        return None
    if shared := a.registrations & b.registrations:
        return PROTOCOL_OF, True, f"same registration number {min(shared)}"
    if a.year and b.year and not a.year - 1 <= b.year <= a.year + YEARS_FROM_A_PROTOCOL:
        return None
    if shared := a.acronyms & b.acronyms:
        return PROTOCOL_OF, True, f"both name {min(shared).upper()}"
    return (PROTOCOL_OF, True, in_words(found)) if _one_study(a, b, found, least=0.65) else None


def _one_study(a: Key, b: Key, found: Evidence, least: float = 0.8) -> bool:
    """Return whether titles and authors say that two reports are of one study."""
    grade = found.title.grade
    if grade not in ("same", "part", "longer", "alike") and not (
        grade == "different" and found.title.score >= least
    ):
        return False
    if found.authors == "missing":
        return grade in ("same", "part") and long_enough(a, b)
    if grade in ("same", "part"):
        return found.authors != "differ"
    return found.authors in ("same", "first") and found.title.score >= least


def _second_report(a: Key, b: Key, found: Evidence) -> Found | None:
    if {a.kind, b.kind} & (NOTICES | {COMMENT}):
        return None
    if shared := a.registrations & b.registrations:
        return SECOND_REPORT, True, f"same registration number {min(shared)}"
    near = found.years is None or found.years <= YEARS_BETWEEN_REPORTS
    titles = found.title.grade in ("same", "part") or (
        found.title.grade in ("alike", "longer")
        and found.title.score >= 0.85
        and found.authors in ("same", "first")
    )
    if (
        titles
        and near
        and found.authors != "differ"
        and (
            found.authors != "missing"
            or ((found.title.grade == "same" or a.title.further != b.title.further) and long_enough(a, b))
        )
    ):
        return SECOND_REPORT, True, in_words(found)
    shared = a.acronyms & b.acronyms
    told = a.title.further or b.title.further or {a.kind, b.kind} & {PROTOCOL, ABSTRACT}
    if shared and (told or found.authors != "differ"):
        return SECOND_REPORT, True, f"both name {min(shared).upper()}"
    return None


def said(records: Sequence[Record], keys: Sequence[Key]) -> Iterator[tuple[int, int, str, str]]:
    """Yield the links that records state by the DOI or PMID of the other: from, to, relation, why."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        for name in ("doi", "pmid"):
            if value := getattr(key, name):
                places[name, value].append(place)
    for place, record in enumerate(records):
        for relation in record.relations:
            link, about = SAID.get(relation.kind, ("", True))
            numbers = (("doi", doi_of(relation.doi)), ("pmid", re.sub(r"\D", "", relation.pmid).lstrip("0")))
            for name, value in numbers if link else ():
                for other in places.get((name, value), ()) if value else ():
                    if other != place:
                        left, right = (place, other) if about else (other, place)
                        yield left, right, link, f"the record names the {name.upper()} {value}"
