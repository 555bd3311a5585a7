"""Pictures of the questions whose estimate moved between two states, before and after."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livingmeta import AUTHOR, charts
from livingmeta.analysis import Analysis, analyse
from livingmeta.charts.before_after import before_after, description, why_no_before_after
from livingmeta.export.figures import Figure, converter, in_points, on_paper, png_with_words, with_font
from livingmeta.numbers import record_hash
from livingmeta.results import question_record
from livingmeta.snapshots import Snapshot, plain

WIDTH_MM = 180
DOTS_PER_INCH = 144  # about a thousand pixels across: a picture in a comment, not one for print


@dataclass(frozen=True)
class Pictures:
    """Files by name, and the questions that have none with the reason."""

    files: Mapping[str, bytes]
    without: Mapping[str, str]


def pictures(old: Snapshot, new: Snapshot, results: Iterable[Mapping[str, Any]]) -> Pictures:
    """Return SVG and PNG of every question whose estimate moved, the old state above the new one.

    Parameters
    ----------
    old, new : Snapshot
        The two sides of a comparison.
    results : iterable of mapping
        The `results` of their difference.
    """
    files: dict[str, bytes] = {}
    without: dict[str, str] = {}
    for name in (result["question"] for result in results if result["moved"]):
        try:
            files |= _files(_analysis(old, name), _analysis(new, name), (old.name, new.name))
        except _NoPictureError as error:
            without[name] = str(error)
    return Pictures(files, without)


class _NoPictureError(ValueError):
    """Why a question is not drawn."""


def _analysis(side: Snapshot, name: str) -> Analysis:
    """Return a question analysed by today's code, unless a release says other numbers of it."""
    if name not in side.questions:
        raise _NoPictureError(f"today's software cannot read it in {side.name}")
    found = analyse(side.questions[name], side.studies)
    if side.release is not None:
        made = plain(question_record(found))
        if record_hash(made) != record_hash(side.records[name]):
            raise _NoPictureError(f"today's software finds other numbers than release {side.version} says")
    return found


def _files(old: Analysis, new: Analysis, names: tuple[str, str]) -> dict[str, bytes]:
    reason = why_no_before_after(old, new)
    if reason:
        raise _NoPictureError(reason)
    one = _figure(old, new, names)
    drawn = converter("svg_to_png")(in_points(one), ppi=DOTS_PER_INCH)
    return {
        f"{one.name}.png": png_with_words(drawn, one, DOTS_PER_INCH),
        f"{one.name}.svg": with_font(one).encode(),
    }


def _figure(old: Analysis, new: Analysis, names: tuple[str, str]) -> Figure:
    title, about = description(new, names), f"{AUTHOR}, {names[0]} and {names[1]}"
    spec = before_after(old, new, names).to_dict(validate=False)
    return Figure(new.question.id, on_paper(charts.render_svg(spec), WIDTH_MM, about), title, about, WIDTH_MM)


def lines_of(made: Pictures) -> Iterator[str]:
    """Yield what was not drawn and why."""
    yield from (f"no picture of {name}: {reason}" for name, reason in made.without.items())
