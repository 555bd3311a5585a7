# ruff: noqa: E501
"""Our duplicates beside those of bib-dedupe, on the same labelled records in one run; and the speed on many.

The result goes into `duplicates/README.md`, between its marks.
"""

import contextlib
import io
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "duplicates"), str(HERE.parents[1] / "pipelines")]

from labelled import Labelled, read  # noqa: E402
from scoring import Score, found_duplicates, pairs_of, score, true_duplicates  # noqa: E402
from speed import many  # noqa: E402
from variations import PARTS  # noqa: E402

from livingmeta.intake.duplicates import duplicates  # noqa: E402
from livingmeta.intake.record import Record  # noqa: E402

README = HERE / "duplicates" / "README.md"
BEGIN, END = "<!-- bench-duplicates: begin -->", "<!-- bench-duplicates: end -->"
MANY = 5000


def with_bib_dedupe(records: Sequence[Record]) -> set[tuple[int, int]]:
    """Return the pairs that bib-dedupe takes for duplicates, with its own default steps."""
    import pandas as pd
    from bib_dedupe.bib_dedupe import block, cluster, match, prep

    frame = pd.DataFrame(
        {
            "ID": str(place), "ENTRYTYPE": "article", "title": record.title, "author": " and ".join(record.authors),
            "year": str(record.year or ""), "journal": record.journal, "volume": record.volume,
            "number": record.issue, "pages": record.pages, "doi": record.doi, "abstract": "",
        }
        for place, record in enumerate(records)
    )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        prepared = prep(frame, verbosity_level=0, cpu=1)
        groups = cluster(match(block(prepared, cpu=1), cpu=1))
    return pairs_of([[int(one) for one in group] for group in groups])


def timed(call, records: Sequence[Record]) -> tuple[set[tuple[int, int]], float]:
    """Return what a call found and how many seconds it took."""
    start = time.perf_counter()
    found = call(records)
    return found, time.perf_counter() - start


def ours(records: Sequence[Record]) -> set[tuple[int, int]]:
    """Return the pairs that we take for duplicates."""
    return found_duplicates(duplicates(records))


def row(part: str, name: str, rows: Sequence[Labelled], one: Score, seconds: float, ratio: str) -> str:
    """Return one row of the table."""
    return f"| {part} | {len(rows)} | {name} | {one.precision:.3f} | {one.recall:.3f} | {seconds:.1f} | {ratio} |"


def table() -> list[str]:
    """Return the table, ours and theirs part by part."""
    lines = [
        "| part | records | by | precision | recall | seconds | theirs / ours |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    ours([one.record for one in read("first")][:50])
    with_bib_dedupe([one.record for one in read("first")][:50])
    for part in PARTS:
        rows = read(part)
        records, true = [one.record for one in rows], true_duplicates(rows)
        mine, seconds = timed(ours, records)
        theirs, others = timed(with_bib_dedupe, records)
        lines.append(row(part, "ours", rows, score(true, mine), seconds, ""))
        lines.append(row(part, "bib-dedupe", rows, score(true, theirs), others, f"{others / seconds:.1f}×"))
    return lines


def speed() -> list[str]:
    """Return how long many records take."""
    records = many(MANY)
    _, seconds = timed(ours, records)
    _, others = timed(with_bib_dedupe, records)
    return [
        f"{MANY} made-up records: ours {seconds:.1f} s, bib-dedupe {others:.1f} s ({others / seconds:.1f}×)."
    ]


def main() -> None:
    """Measure, and write the table into the README."""
    load = os.getloadavg()[0]
    lines = [*table(), "", *speed(), ""]
    lines.append(
        f"One run on {date.today()}, one process each; {os.cpu_count()} cores, load before {load:.1f}; Python "
        f"{platform.python_version()}, rapidfuzz {version('rapidfuzz')}, bib-dedupe {version('bib-dedupe')}."
    )
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(
        f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}", encoding="utf-8"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
