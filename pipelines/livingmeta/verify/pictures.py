"""The charts of a release's site, drawn again from its frozen data."""

from collections.abc import Iterator
from html import escape
from typing import Any

from livingmeta.numbers import record_hash
from livingmeta.results import question_record
from livingmeta.snapshots import Snapshot, plain
from livingmeta.verify.reading import Content, VerifyError

FOLDER = "api/v1/questions"  # of the site


def site_pictures(snapshot: Snapshot, content: Content) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the site's own charts that a file may be, those of its name first.

    Raises
    ------
    VerifyError
        When today's software finds other numbers than the release, so that it cannot draw its chart.
    """
    if content.suffix != ".svg":
        return
    from livingmeta import charts  # the library of charts is loaded only for a chart

    for question, analysis in snapshot.analyses.items():
        for chart, kind in charts.CHARTS.items():
            base = f"{question}.{chart}.svg"
            if kind.absence(analysis) or not _may_be(content, base, chart, analysis):
                continue
            _refuse_other_numbers(snapshot, question, analysis)
            drawn = charts.standalone_svg(charts.render_svg(charts.chart_spec(chart, analysis)))
            yield f"{FOLDER}/{base}", drawn.encode()


def _may_be(content: Content, base: str, chart: str, analysis: Any) -> bool:
    """Return whether a file has the name of a chart or, renamed, its title; figures on paper have neither."""
    from livingmeta import charts

    if content.base == base:
        return True
    title = charts.chart_spec(chart, analysis).get("description", "")
    return "<metadata>" not in content.text and f"<title>{escape(title)}</title>" in content.text


def _refuse_other_numbers(snapshot: Snapshot, question: str, analysis: Any) -> None:
    frozen = snapshot.records.get(question)
    if frozen is None or record_hash(plain(question_record(analysis))) != record_hash(frozen):
        raise VerifyError(
            f"release {snapshot.version}: today's software finds other numbers than the release for "
            f"{question}, and cannot draw its charts; check out the tag v{snapshot.version} and verify there"
        )
