"""Write RESULTS.md: precision and recall on the labelled set, and every pair that was missed or wrong.

``python tests/benchmarks/duplicates/results.py``
"""

import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "pipelines")]

from labelled import Labelled, read  # noqa: E402
from scoring import Score, measure  # noqa: E402
from variations import PARTS  # noqa: E402

FILE = HERE / "RESULTS.md"
WHAT = ("the same report", "links", "reports of one trial")


def text() -> str:
    """Return the whole file."""
    measured = {part: measure(read(part)) for part in PARTS}
    rows = {part: read(part) for part in PARTS}
    lines = [
        "# Duplicates: what is found in the labelled set", "",
        "Written by `results.py`; not to be edited by hand. What the parts are: [README](README.md).", "",
        "| part | records | what | found | wrong | missed | precision | recall |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for part in PARTS:
        lines += [
            _row(part, len(rows[part]), what, one) for what, one in zip(WHAT, measured[part][1:], strict=True)
        ]
    for place, what in enumerate(WHAT):
        total = _together([measured[part][place + 1] for part in PARTS])
        lines.append(_row("all", sum(map(len, rows.values())), what, total))
    for part in PARTS:
        for what, one in zip(WHAT, measured[part][1:], strict=True):
            lines += _pairs(part, f"{what}: wrong", one.wrong, rows[part])
            lines += _pairs(part, f"{what}: missed", one.missed, rows[part])
    return "\n".join(lines) + "\n"


def _together(scores: Sequence[Score]) -> Score:
    return Score(
        *(
            tuple(pair for one in scores for pair in getattr(one, name))
            for name in ("hits", "wrong", "missed")
        )
    )


def _row(part: str, count: int, what: str, one: Score) -> str:
    return (
        f"| {part} | {count} | {what} | {len(one.hits)} | {len(one.wrong)} | {len(one.missed)} "
        f"| {one.precision:.3f} | {one.recall:.3f} |"
    )


def _pairs(part: str, title: str, pairs: Sequence[tuple[int, int]], rows: Sequence[Labelled]) -> list[str]:
    if not pairs:
        return []
    lines = ["", f"## Part {part}, {title}", ""]
    for i, j in pairs:
        a, b = rows[i], rows[j]
        lines.append(
            f"- {a.report} ({a.variation}) and {b.report} ({b.variation}): {_short(a)} / {_short(b)}"
        )
    return lines


def _short(one: Labelled) -> str:
    title = one.record.title.replace("<", "&lt;").replace("|", "\\|")
    return f"“{title}”" if title else f"no title, DOI {one.record.doi or 'none'}"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
