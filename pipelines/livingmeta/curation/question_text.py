"""A question as the text of its file: keys in the order of the book, in one form."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from livingmeta.questions import PARTS, PI_DF, VERDICTS

# The keys of a question file in the order in which files have them, and what each says.
KEYS = {
    "id": "Name of the question and of its file.",
    "part": f"Part of the book: {', '.join(PARTS)}.",
    "order": "Place within its part, a whole number.",
    "title": "Title of the page.",
    "question": "The question in a sentence.",
    "population": "Who.",
    "intervention": "What is given, or what is exposed.",
    "comparator": "Against what.",
    "outcome": "What is counted or measured.",
    "outcome_noun": "The outcome in the plural, as a sentence counts it.",
    "outcome_event": "One event of it.",
    "designs": "Designs that can answer it.",
    "eligibility": "What a study must be, a list.",
    "text": "What a reader should know first.",
    "effects": "File of data/effects.",
    "filter": "Columns and the values that rows of the main analysis have.",
    "measure": "Effect measure.",
    "method": "Model.",
    "test": "Test and interval.",
    "level": "Level of intervals in percent.",
    "pi_df": f"Degrees of freedom of the prediction interval: {', '.join(PI_DF)}.",
    "accept_measures": "Reported measures that may stand for the measure, a list.",
    "per": "Step of magnesium, value and unit.",
    "pooled": "Whether the studies are pooled.",
    "reason": "Why they are not.",
    "verdict": f"Rule of the sentence on top: {', '.join(VERDICTS)}.",
    "direction": "What an effect below and above none means.",
    "arms": "Names of the two groups.",
    "common_effect": "The model beside the main one.",
    "minimal_important_difference": "Smallest effect that matters.",
    "baseline_risk": "Risk that absolute effects start from.",
    "known_studies": "How many studies there are at least, and who counted them.",
    "subgroups": "How the studies are divided.",
    "moderators": "Columns of a meta-regression.",
    "sensitivity": "Other ways to analyse it.",
    "multiverse": "Choices that could have been made otherwise.",
    "charts": "Charts of the page.",
    "displays": "Further pictures.",
    "limits": "What a reader has to bear in mind, a list.",
    "living": "How it is kept alive: status and because at least.",
}
BLOCKS = ("eligibility", "limits", "living")
_WIDTH = 110


class _Plain(yaml.SafeDumper):
    """A dumper that writes nothing as `null` and never points from one value to another."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return true: a value that occurs twice is written twice."""
        return True


def question_text(raw: Mapping[str, Any]) -> str:
    """Return the text of a question file.

    Parameters
    ----------
    raw : mapping
        Keys and values as YAML reads them; keys that no question has come last.
    """
    order = {key: at for at, key in enumerate(KEYS)}
    keys = sorted(raw, key=lambda key: order.get(key, len(order)))
    return "".join(f"{line}\n" for key in keys for line in _lines(key, raw[key]))


def _lines(key: str, value: Any) -> Iterator[str]:
    short = f"{key}: {_flow(value)}"
    if isinstance(value, str) and len(short) > _WIDTH and _can_fold(value):
        yield f"{key}: >-"
        yield from (f"  {sentence}" for sentence in value.replace(". ", ".\n").split("\n"))
    elif isinstance(value, dict) and value and (key in BLOCKS or len(short) > _WIDTH):
        yield f"{key}:"
        yield from (f"  {name}: {_flow(item)}" for name, item in value.items())
    elif isinstance(value, list) and value and (key in BLOCKS or _is_long(value, short)):
        yield f"{key}:"
        yield from (f"  - {_flow(item)}" for item in value)
    else:
        yield short


def _is_long(value: list[Any], short: str) -> bool:
    return len(short) > _WIDTH or any(isinstance(item, dict) for item in value)


def _can_fold(value: str) -> bool:
    """Return whether a text is the same after folding: no breaks or double blanks of its own."""
    return " ".join(value.split()) == value and not value.startswith(("#", "-"))


def _flow(value: Any) -> str:
    text = yaml.dump(
        value, Dumper=_Plain, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return text.removesuffix("\n").removesuffix("\n...")
