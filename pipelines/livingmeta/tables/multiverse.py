"""The multiverse of a question in words, as a curve, and as tables."""

from statistics import median

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.curve import TITLES, word
from livingmeta.effect_sizes import Measure, measure_of
from livingmeta.multiverse import CHOICES, Multiverse, Specification, multiverse
from livingmeta.paths import Project
from livingmeta.tables.html import Column, Markup, bullets, table, text
from livingmeta.tables.question import figure

BY_CHOICE = (
    Column("Choice"),
    Column("Option"),
    Column("Analyses", numeric=True),
    Column("Estimates: lowest, median, highest", numeric=True),
)


def multiverse_section(analysis: Analysis, project: Project) -> Markup:
    """Return the range of all declared analyses, the curve, and what each choice does to it."""
    found = multiverse(analysis)
    if found is None or not found.specifications:
        return Markup("")
    measure = analysis.effects.measure
    parts = [f"<p>{text(range_in_words(found, measure))}</p>", figure("multiverse", analysis, project)]
    parts.append(table(BY_CHOICE, _by_choice(found, measure)))
    parts.append(_folded("All analyses", table(_columns(found), _all(found, measure))))
    if found.left_out:
        parts.append(f"<p>Not computed:</p>{bullets(list(found.left_out))}")
    return Markup("".join(parts))


def range_in_words(found: Multiverse, measure: Measure) -> str:
    """Return what all analyses say together: a range, without a probability."""
    lowest, highest = found.specifications[0], found.specifications[-1]
    ends = " to ".join(_shown(one.estimate, measure) for one in (lowest, highest))
    choices = formats.listing([TITLES[name].lower() for name in found.varied])
    names = formats.listing([measure_of(code).label for code in found.options("measure")])
    return (
        f"{len(found.specifications)} analyses differ in {choices}, and each of these choices could be "
        f"defended. Their estimates ({names}) range from {ends}. {_what_matters(found, measure)} "
        "This is a range, not a distribution: the analyses share their studies, nothing says that they "
        "are equally good, and how many of them agree depends on how many were listed."
    )


def _shown(estimate: float, measure: Measure) -> str:
    return formats.ratio(float(measure.to_display(estimate)))


def _what_matters(found: Multiverse, measure: Measure) -> str:
    """Return which choice moves the median estimate most, and between which of its options."""
    medians = {choice: _medians(found, choice) for choice in found.varied}
    choice = max(medians, key=lambda name: max(medians[name].values()) - min(medians[name].values()))
    low, high = (pick(medians[choice], key=medians[choice].__getitem__) for pick in (min, max))
    if _shown(medians[choice][low], measure) == _shown(medians[choice][high], measure):
        return "None of the choices moves them by as much as the numbers shown here can tell."
    ends = [f"{_shown(medians[choice][option], measure)} ({word(option)})" for option in (low, high)]
    name = TITLES[choice].lower()
    return f"What moves them most is the choice of {name}: medians from {ends[0]} to {ends[1]}."


def _medians(found: Multiverse, choice: str) -> dict[str, float]:
    return {
        option: median(one.estimate for one in found.specifications if getattr(one, choice) == option)
        for option in found.options(choice)
    }


def _by_choice(found: Multiverse, measure: Measure) -> list[tuple]:
    rows = []
    for choice in found.varied:
        for option in found.options(choice):
            some = [one for one in found.specifications if getattr(one, choice) == option]
            rows.append((TITLES[choice], word(option), len(some), _spread(some, measure)))
    return rows


def _spread(some: list[Specification], measure: Measure) -> str:
    values = [one.estimate for one in some]
    shown = (float(measure.to_display(x)) for x in (min(values), median(values), max(values)))
    return ", ".join(formats.ratio(x) for x in shown)


def _columns(found: Multiverse) -> tuple[Column, ...]:
    choices = tuple(Column(TITLES[choice]) for choice in CHOICES if choice in found.varied)
    return (*choices, Column("k", numeric=True), Column("Estimate (CI)", numeric=True))


def _all(found: Multiverse, measure: Measure) -> list[tuple]:
    rows = []
    for one in found.specifications:
        ends = (float(measure.to_display(x)) for x in (one.estimate, one.ci_lower, one.ci_upper))
        options = (word(getattr(one, choice)) for choice in CHOICES if choice in found.varied)
        rows.append((*options, one.k, formats.with_interval(*ends)))
    return rows


def _folded(title: str, content: str) -> str:
    return f'<details class="lm-details"><summary>{text(title)}</summary>{content}</details>'
