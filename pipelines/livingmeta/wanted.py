"""What would help a question most: results without a number, full texts to read, trials to watch.

A full text raises k where its study has no effect in the question's main analysis yet and
`can_enter` of the watch list does not say that it cannot enter.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from livingmeta.currency import FULL_TEXT, ONGOING
from livingmeta.questions import Question
from livingmeta.selection import NULL, NUMERIC, all_rows, unprinted
from livingmeta.studies import Studies
from livingmeta.vocabulary import AWAITING, NOT_RETRIEVED

FEWEST = 3  # studies that a mean needs at least
YES, NO = "yes", "no"  # of the column `can_enter`
ORDER = (
    "texts that could add a study to the main analysis, before those that could not",
    f"those of a question that has fewer than {FEWEST} such numbers and could reach {FEWEST}",
    "those of the question with the fewest numbers",
    "those with the most patients, where the number is recorded",
    "the alphabet",
)
EVERY = (
    *("effect_id", "extraction_id", "study_id", "result_status"),
    *("outcome_id", "outcome_definition", "n_analysed"),
)
_PEOPLE = re.compile(r"\bn\s*=\s*(\d[\d,]*)")


@dataclass(frozen=True)
class Silent:
    """A study of a question with results that have no usable number.

    Parameters
    ----------
    study_id, study : str
        The study and its label.
    statuses : tuple of str
        What the rows without a number hold instead, in the words of `result_status`, sorted.
    outcomes : tuple of str
        The outcomes that these rows are about.
    people : float or None
        Patients behind them; None where no number is recorded.
    has_number : bool
        Whether another row of the study on the same question has a number.
    """

    study_id: str
    study: str
    statuses: tuple[str, ...]
    outcomes: tuple[str, ...]
    people: float | None
    has_number: bool = False

    @property
    def is_null(self) -> bool:
        """Return whether it reports no association, or no difference, without a number."""
        return NULL in self.statuses


@dataclass(frozen=True)
class FullText:
    """A report to be read in full.

    Parameters
    ----------
    title, adds, source : str
        What it is, what it would add, and the record that says so.
    question_id, study_id : str
        Where it belongs, empty where that is not recorded.
    raises : bool
        Whether it could add a study to the main analysis of the question.
    people : float or None
        Patients, where recorded.
    can_enter, because : str
        Whether a result of it could enter (yes, no or unclear), and why not.
    """

    title: str
    adds: str
    source: str
    question_id: str = ""
    study_id: str = ""
    raises: bool = True
    people: float | None = None
    can_enter: str = YES
    because: str = ""


@dataclass(frozen=True)
class Trial:
    """A trial that has not reported yet."""

    title: str
    registration: str
    adds: str
    question_id: str = ""


@dataclass(frozen=True)
class Wanted:
    """What would help one question.

    Parameters
    ----------
    question : Question
        The question.
    k : int
        Studies with an effect in its main analysis, pooled or not.
    studies : int
        Studies with any row on its page.
    silent, texts, trials : tuple
        Results without a number, full texts in the order of `ORDER`, and trials.
    """

    question: Question
    k: int
    studies: int
    silent: tuple[Silent, ...] = ()
    texts: tuple[FullText, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def nulls(self) -> tuple[Silent, ...]:
        """Return the studies that report no association without a number."""
        return tuple(one for one in self.silent if one.is_null)

    @property
    def others(self) -> tuple[Silent, ...]:
        """Return the other studies with results without a number."""
        return tuple(one for one in self.silent if not one.is_null)

    @property
    def raising(self) -> int:
        """Return how many studies could enter if their full text were read, unclear ones among them."""
        return len({text.study_id or text.title for text in self.texts if text.raises})

    @property
    def could_reach(self) -> bool:
        """Return whether full texts could give it the number of studies that a mean needs."""
        return self.k < FEWEST <= self.k + self.raising


def wanted(question: Question, studies: Studies, entered: Collection[str]) -> Wanted:
    """Return what would help a question.

    Parameters
    ----------
    question : Question
        The question.
    studies : Studies
        The curated tables.
    entered : collection of str
        Ids of the effects in its main analysis.
    """
    rows = all_rows(studies, question)
    inside = frozenset(rows.loc[rows["effect_id"].isin(list(entered)), "study_id"])
    known = _Known(rows, studies)
    own = studies.ongoing[_is(studies.ongoing["question_id"], question.id)]
    listed = frozenset(studies.ongoing["source"].dropna())
    texts = [*_listed(own, known, inside), *_screened(known, listed, question.id, inside)]
    found = Wanted(
        question=question,
        k=len(inside),
        studies=rows["study_id"].nunique(),
        silent=silent(rows),
        texts=tuple(texts),
        trials=trials(own),
    )
    return replace(found, texts=in_order(found.texts, (found,)))


def _is(column: pd.Series, value: str) -> pd.Series:
    return column.eq(value).fillna(False).astype(bool)


def silent(rows: pd.DataFrame) -> tuple[Silent, ...]:
    """Return the studies with results that have no usable number, by label.

    Parameters
    ----------
    rows : DataFrame
        All labelled rows; a result counts where its study prints no number for the same outcome.
    """
    numeric = frozenset(rows.loc[rows["result_status"].eq(NUMERIC), "study_id"])
    found = [_silent(group, str(name) in numeric) for name, group in unprinted(rows).groupby("study_id")]
    return tuple(sorted(found, key=lambda one: (one.study.lower(), one.study_id)))


def _silent(rows: pd.DataFrame, has_number: bool) -> Silent:
    first = rows.iloc[0]
    # The same patients as the caution about nulls counts: those of the first such row.
    nulls = rows[rows["result_status"].eq(NULL)]
    people = _people(nulls.iloc[0] if len(nulls) else first)
    return Silent(
        study_id=str(first["study_id"]),
        study=str(first["study_label"] if "study_label" in rows else first["study"]),
        statuses=tuple(sorted(set(rows["result_status"]))),
        outcomes=tuple(dict.fromkeys(str(x) for x in rows["outcome_definition"].dropna())),
        people=people,
        has_number=has_number,
    )


def _people(row: pd.Series) -> float | None:
    for name in ("n_analysed", "n_total"):
        if name in row and not pd.isna(row[name]):
            return float(row[name])
    return None


def patients(found: Iterable[Silent | FullText]) -> tuple[float | None, int]:
    """Return the patients of all whose number is recorded, and of how many it is not."""
    numbers = [one.people for one in found]
    known = [n for n in numbers if n is not None]
    return (sum(known) if known else None), len(numbers) - len(known)


class _Known:
    """Studies and patients behind the records that full texts are listed by."""

    def __init__(self, rows: pd.DataFrame, studies: Studies):
        self._of_study = studies.studies.set_index("study_id")["n_total"].to_dict()
        self._effects = {row["extraction_id"]: row for _, row in rows.iterrows() if row["extraction_id"]}
        screening = studies.screening
        self._screened = {
            key: row["study_id"] or ""
            for row in screening.to_dict("records")
            for key in (row["record_id"], row["extraction_id"])
            if key
        }
        self.waiting = screening[screening["decision"].isin((AWAITING, NOT_RETRIEVED))]
        self.ids = frozenset(rows["study_id"])

    def study(self, source: str) -> str:
        """Return the study that a record belongs to, nothing where none is recorded."""
        row = self._effects.get(source)
        return str(row["study_id"]) if row is not None else self._screened.get(source, "")

    def people(self, source: str, study_id: str, title: str) -> float | None:
        """Return the patients of a record: of its effect, of its study, or as its title says."""
        row = self._effects.get(source)
        from_row = None if row is None else _people(row)
        total = self._of_study.get(study_id)
        if from_row is not None:
            return from_row
        return float(total) if total is not None and not pd.isna(total) else people_in(title)


def people_in(title: str) -> float | None:
    """Return the patients that a title names as `n = 332`, None when it names none."""
    found = _PEOPLE.search(title)
    return float(found.group(1).replace(",", "")) if found else None


def _listed(own: pd.DataFrame, known: _Known, inside: frozenset[str]) -> list[FullText]:
    texts = []
    for row in own[own["kind"].eq(FULL_TEXT)].to_dict("records"):
        source = row["source"] or ""
        study = known.study(source)
        people = known.people(source, study, row["title"])
        adds, asked = row["what_it_would_add"], row["question_id"] or ""
        can, why = row["can_enter"] or YES, row["can_enter_because"] or ""
        raises = study not in inside and can != NO
        texts.append(FullText(row["title"], adds, source, asked, study, raises, people, can, why))
    return texts


def _screened(
    known: _Known, listed: frozenset[str], question_id: str, inside: frozenset[str] = frozenset()
) -> list[FullText]:
    """Return the screened records of the question's studies that await reading and are not listed."""
    waiting = known.waiting[known.waiting["study_id"].isin(known.ids)]
    return _unlisted(waiting, known, listed, question_id, inside)


def _unlisted(
    waiting: pd.DataFrame, known: _Known, listed: frozenset[str], question_id: str, inside: frozenset[str]
) -> list[FullText]:
    texts = []
    for row in waiting.to_dict("records"):
        if listed & {row["record_id"], row["extraction_id"]}:
            continue
        study, title = row["study_id"] or "", row["title"] or row["citation"] or row["record_id"]
        people = known.people(row["record_id"], study, title)
        texts.append(
            FullText(title, row["reason"], row["record_id"], question_id, study, study not in inside, people)
        )
    return texts


def untied(studies: Studies, found: Sequence[Wanted]) -> tuple[FullText, ...]:
    """Return full texts that no question lists: watched without a question, or screened with a title."""
    told = {text.source for one in found for text in one.texts}
    asked = frozenset(one.question.id for one in found)
    free = studies.ongoing[~studies.ongoing["question_id"].isin(asked).fillna(False).astype(bool)]
    known = _Known(_every_row(studies), studies)
    named = known.waiting["title"].notna() | known.waiting["citation"].notna()
    waiting = known.waiting[named & ~known.waiting["record_id"].isin(told)]
    listed = frozenset(studies.ongoing["source"].dropna())
    nowhere: frozenset[str] = frozenset()
    texts = (*_listed(free, known, nowhere), *_unlisted(waiting, known, listed, "", nowhere))
    return tuple(sorted(texts, key=_by_people))


def _every_row(studies: Studies) -> pd.DataFrame:
    facts = studies.studies[["study_id", "label", "n_total"]].rename(columns={"label": "study_label"})
    frames = [frame for frame in studies.effects.values() if len(frame)]
    if not frames:
        return pd.DataFrame(columns=list(EVERY))
    return pd.concat([frame[list(EVERY)] for frame in frames]).merge(facts, on="study_id", how="left")


def silent_anywhere(studies: Studies) -> tuple[Silent, ...]:
    """Return every study of the book with a result that has no usable number, once each."""
    rows = _every_row(studies)
    return silent(rows) if len(rows) else ()


def trials(rows: pd.DataFrame) -> tuple[Trial, ...]:
    """Return the trials among rows of the watch list."""
    return tuple(
        Trial(row["title"], row["registration"] or "", row["what_it_would_add"], row["question_id"] or "")
        for row in rows[rows["kind"].eq(ONGOING)].to_dict("records")
    )


def in_order(texts: Iterable[FullText], found: Sequence[Wanted]) -> tuple[FullText, ...]:
    """Return full texts in the order of `ORDER`."""
    by_id = {one.question.id: one for one in found}

    def place(text: FullText) -> tuple:
        asked = by_id[text.question_id]
        return not text.raises, not asked.could_reach, asked.k, *_by_people(text), text.question_id

    return tuple(sorted(texts, key=place))


def _by_people(text: FullText) -> tuple[bool, float, str]:
    return text.people is None, -(text.people or 0.0), text.title.lower()
