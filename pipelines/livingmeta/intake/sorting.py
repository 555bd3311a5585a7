"""Which undecided records repeat another one, and what the others have to do with what is there.

All that nobody has decided on is sorted anew each time, from its content alone: so the tables are
the same in whatever order, and in however many runs, the files came in. What a person decided
stays as it is and stands for its duplicates.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from livingmeta.intake.duplicates import compare
from livingmeta.intake.known import REPORTS, SCREENING, STUDIES, Known, first_choice
from livingmeta.intake.match import Cluster, Comparison, Match
from livingmeta.intake.rows import BECAUSE, NOT_SCREENED
from livingmeta.vocabulary import (
    COMMENT_ON,
    COMPANIONS,
    CONCERN_OF,
    DUPLICATE,
    ERRATUM_OF,
    PENDING,
    POSSIBLE,
    PREPRINT_OF,
    PROTOCOL_OF,
    RETRACTION_OF,
    SECOND_REPORT,
)

IDENTIFIERS = ("DOI", "PMID", "PMC")
ALARMS = (RETRACTION_OF, CONCERN_OF)
OF_A_REPORT = (ERRATUM_OF, *ALARMS)


@dataclass(frozen=True)
class Link:
    """What one record has to do with a row: the relation, the row as `table:key`, why, and of which study."""

    relation: str
    target: str
    because: str
    study_id: str = ""

    @property
    def text(self) -> str:
        """Return the link as a cell holds it."""
        return f"{self.relation} {self.target}"


@dataclass(frozen=True)
class Sorted:
    """How one undecided record was sorted.

    Parameters
    ----------
    stands_for : Known or None
        What it repeats; None where it awaits its decision.
    because : str
        Why it is a duplicate.
    links : tuple of Link
        What else it has to do with.
    study_id : str
        Study of what it repeats.
    """

    stands_for: Known | None = None
    because: str = ""
    links: tuple[Link, ...] = ()
    study_id: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """Return the cells of the row that say so."""
        if self.stands_for is None:
            why = BECAUSE + "; ".join(link.because for link in self.links) if self.links else NOT_SCREENED
            links = "; ".join(link.text for link in self.links)
            return {"decision": PENDING, "reason": why, "links": links, "duplicate_of": "", "study_id": ""}
        of_report = self.stands_for.table == REPORTS
        return {
            "decision": DUPLICATE,
            "reason": self.because,
            "links": f"{DUPLICATE} {self.stands_for.target}" if of_report else "",
            "duplicate_of": "" if of_report else self.stands_for.key,
            "study_id": self.study_id,
        }


@dataclass(frozen=True)
class Alarm:
    """A retraction or an expression of concern about a report of a study that is in the tables.

    Parameters
    ----------
    relation, record_id, study_id : str
        What it is, the record that says so, and the study.
    because : str
        How the record tells which report it means.
    report_id : str
        That report; blank where several may be meant.
    """

    relation: str
    record_id: str
    study_id: str
    because: str
    report_id: str = ""


@dataclass
class _Clusters:
    """What stands for each place of a comparison, and with what else it is one report."""

    entries: Sequence[Known]
    holders: list[Known] = field(default_factory=list)
    company: list[list[Known]] = field(default_factory=list)


def sort_anew(settled: Sequence[Known], waiting: Sequence[Known]) -> tuple[dict[str, Sorted], list[Alarm]]:
    """Return how each undecided record is sorted, by its key, and what has to be said first.

    Parameters
    ----------
    settled : sequence of Known
        Decided records and reports.
    waiting : sequence of Known
        Records that nobody has decided on, in the order of their keys.
    """
    entries = [*settled, *waiting]
    found = compare([one.record for one in waiting], [one.record for one in settled])
    clusters = _clusters(entries, len(settled), found)
    links = _links(clusters, found)
    because = _reasons(clusters, found)
    result = {}
    for at in range(len(settled), len(entries)):
        one, holder = entries[at], clusters.holders[at]
        if holder is one:
            result[one.key] = Sorted(links=_shortened(links[one.key]))
        else:
            study = holder.study_id or next((c.study_id for c in clusters.company[at] if c.study_id), "")
            result[one.key] = Sorted(holder, because[at], study_id=study)
    return result, _alarms(clusters, found)


def _clusters(entries: Sequence[Known], settled: int, found: Comparison) -> _Clusters:
    by_key = {one.key: one for one in entries if one.table == SCREENING}
    same: dict[int, set[int]] = defaultdict(set)
    for match in found.of(DUPLICATE):
        low, high = sorted((match.left, match.right))
        if low < settled:
            same[high].add(low)
    holders = [first_choice([one], by_key) if one.decision else one for one in entries]
    clusters = _Clusters(entries, holders, [[one] for one in entries])
    for cluster in found.clusters:
        _gather(clusters, cluster, same, settled, by_key)
    grouped = {place for cluster in found.clusters for place in cluster.members}
    for place in sorted(set(same) - grouped):
        _gather(clusters, Cluster((place,), place, ()), same, settled, by_key)
    return clusters


def _gather(
    clusters: _Clusters,
    cluster: Cluster,
    same: Mapping[int, set[int]],
    settled: int,
    by_key: Mapping[str, Known],
) -> None:
    """Let one record stand for all of a cluster."""
    entries = clusters.entries
    known = {place for place in cluster.members if place < settled}
    known |= {place for member in cluster.members for place in same.get(member, ())}
    holder = entries[cluster.representative]
    if known:
        holder = first_choice([entries[place] for place in sorted(known)], by_key)
    company = [entries[place] for place in sorted({*known, *cluster.members})]
    for place in cluster.members:
        if place >= settled:
            clusters.holders[place] = holder
            clusters.company[place] = company


def _reasons(clusters: _Clusters, found: Comparison) -> dict[int, str]:
    """Return why each place is a duplicate: by identifiers, else by what stands for it, else by any other."""
    reasons: dict[int, tuple[bool, bool, float, str]] = {}
    for match in found.of(DUPLICATE):
        by_identifier = any(word in match.because for word in IDENTIFIERS)
        for place, other in ((match.left, match.right), (match.right, match.left)):
            direct = clusters.entries[other] is clusters.holders[place]
            reason = (not by_identifier, not direct, -match.score, match.because)
            reasons[place] = min(reasons.get(place, reason), reason)
    return defaultdict(lambda: "same report", {place: reason[-1] for place, reason in reasons.items()})


def _links(clusters: _Clusters, found: Comparison) -> dict[str, dict[str, Link]]:
    """Return the links of each undecided record, by their text."""
    links: dict[str, dict[str, Link]] = defaultdict(dict)
    for match in sorted(found.matches, key=lambda one: (one.relation, one.because)):
        for place, other, relation in _owners(clusters, match) if match.relation != DUPLICATE else ():
            target, study = _target(clusters, other, relation)
            link = Link(relation, target, match.because.replace(";", ","), study)
            links[clusters.holders[place].key].setdefault(link.text, link)
    return links


def _owners(clusters: _Clusters, match: Match) -> Iterable[tuple[int, int, str]]:
    """Yield the places that bear a link, the other one, and the relation.

    The record that is about the other one bears the link, unless it is settled: an article learns so
    that its protocol, preprint or retraction is there already.
    """
    left, right = clusters.holders[match.left], clusters.holders[match.right]
    if left is right:
        return
    if left.undecided:
        yield match.left, match.right, match.relation
    if right.undecided and match.relation not in COMPANIONS:
        yield match.right, match.left, match.relation
    elif right.undecided and not left.undecided and match.relation != COMMENT_ON:
        of_trial = match.relation in (PROTOCOL_OF, PREPRINT_OF) and left.study_id
        yield match.right, match.left, SECOND_REPORT if of_trial else match.relation


def _target(clusters: _Clusters, place: int, relation: str) -> tuple[str, str]:
    """Return what a link names, and its study: of a second report the study, of an erratum the report."""
    holder = clusters.holders[place]
    company = [holder, *clusters.company[place]]
    study = next((one.study_id for one in company if one.study_id), "")
    report = next((one for one in company if one.table == REPORTS), None)
    if relation in OF_A_REPORT and report:
        return report.target, study
    return (f"{STUDIES}:{study}" if study and relation == SECOND_REPORT else holder.target), study


def _shortened(links: Mapping[str, Link]) -> tuple[Link, ...]:
    """Return the links in order, a study that is there named once for each relation.

    Its row in the screening is named where the record may repeat it, else its report. Who may report
    a study that is there need not name the undecided records that may do so too.
    """
    found = [link for _, link in sorted(links.items())]
    reports_a_study = any(link.relation == SECOND_REPORT and link.study_id for link in found)
    return tuple(link for link in found if not _is_said(link, found, reports_a_study))


def _is_said(link: Link, found: Sequence[Link], reports_a_study: bool) -> bool:
    """Return whether the other links say already what this one says."""
    if not link.study_id:
        return reports_a_study and link.relation == SECOND_REPORT
    others = [one for one in found if one.study_id == link.study_id]
    if link.relation == SECOND_REPORT:
        return any(one.relation == POSSIBLE for one in others)
    better = SCREENING if link.relation == POSSIBLE else REPORTS
    others = [one for one in others if one.relation == link.relation and one.target.startswith(better)]
    return bool(others) and not link.target.startswith(better)


def _alarms(clusters: _Clusters, found: Comparison) -> list[Alarm]:
    """Return what says that a report of a study in the tables is retracted or in doubt."""
    alarms: dict[tuple[str, str, str], set[str]] = {}
    reports: dict[tuple[str, str, str], set[str]] = {}
    for match in found.of(*ALARMS):
        notice = clusters.entries[match.left]
        for one in (clusters.holders[match.right], *clusters.company[match.right]):
            if one.study_id and notice.undecided:
                name = (match.relation, notice.key, one.study_id)
                alarms.setdefault(name, set()).add(match.because)
                if one.table == REPORTS:
                    reports.setdefault(name, set()).add(one.key)
    stated = {"retracted_by": RETRACTION_OF, "concern_by": CONCERN_OF}
    for place, one in enumerate(clusters.entries):
        for study in sorted(
            {c.study_id for c in clusters.company[place] if c.study_id} if one.undecided else ()
        ):
            for relation in one.record.relations:
                if relation.kind in stated:
                    what = f"its own record says so: {relation.pmid or relation.doi or relation.text}"
                    alarms.setdefault((stated[relation.kind], one.key, study), set()).add(what)
    return [
        # Of several reasons the fullest: one row may be met as a report and as a record of the screening.
        Alarm(*name, max(sorted(whys), key=len), _only(reports.get(name, ())))
        for name, whys in sorted(alarms.items())
    ]


def _only(names: Iterable[str]) -> str:
    found = sorted(names)
    return found[0] if len(found) == 1 else ""
