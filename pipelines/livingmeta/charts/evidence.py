"""What a display draws from: a question with all its rows, analysed or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from livingmeta.analysis import Analysis
from livingmeta.charts.layout import study_label
from livingmeta.questions import Question
from livingmeta.selection import all_rows
from livingmeta.studies import Studies, matches

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """A question, every row of its table (labelled and derived), and the groups of those rows."""

    question: Question
    rows: pd.DataFrame
    groups: pd.DataFrame

    @property
    def asked(self) -> pd.DataFrame:
        """Return the rows on the outcome that the question is about, pooled or not."""
        outcome = self.question.filter.get("outcome_id")
        return self.rows if outcome is None else self.rows[matches(self.rows, {"outcome_id": outcome})]


@lru_cache(maxsize=2)
def evidence_of(analysis: Analysis) -> Evidence:
    """Return the evidence behind an analysis; made once, so that displays share what they find in it."""
    return Evidence(analysis.question, analysis.rows, analysis.groups)


def evidence_from(question: Question, studies: Studies) -> Evidence:
    """Return the evidence of a question that need not be analysed."""
    rows = all_rows(studies, question)
    return Evidence(question, rows, studies.groups[studies.groups["effect_id"].isin(rows["effect_id"])])


def not_declared(analysis: Analysis, name: str) -> str:
    """Return why a display is absent where its question does not ask for it, else an empty text."""
    return "" if name in analysis.question.displays else "The question does not ask for this display."


def cohort_name(row: pd.Series) -> str:
    """Return the study of a row, with its cohort where the study has several."""
    return study_label(row)


def patients_of(row: pd.Series) -> float | None:
    """Return how many patients stand behind a row: those analysed, else those of the study."""
    for name in ("n_analysed", "n_total"):
        value = row.get(name)
        if value is not None and not pd.isna(value):
            return float(value)
    arms = [row.get("n_treatment"), row.get("n_control")]
    return None if any(n is None or pd.isna(n) for n in arms) else float(sum(arms))


def known(value: object) -> bool:
    """Return whether a cell holds something."""
    return value is not None and not pd.isna(value)


def words(value: object) -> str:
    """Return a cell as text, an id as words."""
    return str(value).replace("_", " ") if known(value) else ""


def titled(evidence: Sequence[Evidence]) -> str:
    """Return what a picture of several questions is about."""
    return evidence[0].question.title if len(evidence) == 1 else f"{len(evidence)} questions"
