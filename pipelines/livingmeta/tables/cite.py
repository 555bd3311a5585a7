"""How to cite a question: its leading number with its stamp, and the files behind the page."""

from livingmeta.analysis import Analysis
from livingmeta.charts import CHARTS
from livingmeta.numbers import cited, number, stamp
from livingmeta.results import question_record
from livingmeta.tables.html import Markup, text
from livingmeta.tables.question import API


def cite_box(analysis: Analysis) -> Markup:
    """Return how to cite the headline number, and the files behind the page."""
    record = question_record(analysis)
    lead = number(record, "verdict")
    shown = cited(record, lead) if lead else stamp(record)
    files = [("record (JSON)", "json"), ("effect sizes (CSV)", "csv")]
    drawn = [
        (f"{name} plot (SVG)", f"{name}.svg") for name, chart in CHARTS.items() if not chart.absence(analysis)
    ]
    base = f"{API}/{analysis.question.id}"
    links = " · ".join(f'<a href="{base}.{end}">{label}</a>' for label, end in (*files, *drawn))
    return Markup(
        f'<div class="lm-cite"><p>{"Number and stamp" if lead else "Stamp"}: '
        f'<code class="lm-stamp">{text(shown)}</code></p>'
        f'<p class="lm-downloads">{links}</p>'
        '<p>How to cite the book: <a href="../../how-to-cite.html">How to cite</a>.</p></div>'
    )
