"""What an intake did, in words: first what must not be missed, last what to do next."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from livingmeta.formats import count, counted
from livingmeta.intake.kept import broken_file
from livingmeta.intake.rows import WORDS, Cells
from livingmeta.intake.sorting import IDENTIFIERS
from livingmeta.intake.taking import Export, Taken
from livingmeta.vocabulary import PENDING, RETRACTION_OF

CONCERN = "expression of concern"
MOST_SHOWN = 20  # flagged records that are listed one by one


def alarm_lines(taken: Taken, where: Sequence[str] = ()) -> list[str]:
    """Return what must not be missed, with the command to run and the options it needs to find the data."""
    lines = []
    for alarm in taken.alarms:
        retracted = alarm.relation == RETRACTION_OF
        what, kind = ("RETRACTED", ()) if retracted else ("EXPRESSION OF CONCERN", ("--kind", CONCERN))
        because = (
            "--reason",
            "retraction" if retracted else CONCERN,
            "--source",
            f"record {alarm.record_id}",
        )
        name = alarm.report_id or alarm.study_id
        command = shlex.join(["livingmeta", "withdraw", name, *kind, *because, *where])
        lines.append(f"{what}: a report of the included study {alarm.study_id} ({alarm.because})")
        lines.append(
            f"  the record is {alarm.record_id}; read it, put its reason into the command, and run: {command}"
        )
    return lines


def broken_lines(taken: Taken, data: Path) -> Iterator[str]:
    """Yield what could not be read, by file, record and line, and where its text is kept."""
    for export in taken.exports:
        for one in export.broken:
            yield f"{export.file}: record {one.number}, line {one.line}: {one.reason}"
        if export.broken:
            where = broken_file(data, export.search_id)
            kept = "is kept in" if taken.written or where.exists() else "would be kept in"
            yield (
                f"{export.file}: {counted(len(export.broken), 'record')} could not be read and "
                f"{'is' if len(export.broken) == 1 else 'are'} not in the table; the text {kept} {where}: "
                "mend it there and take that file in"
            )


def summary(taken: Taken) -> str:
    """Return what was taken in, what repeats what, what is flagged, and what to do next."""
    lines = [line for export in taken.exports for line in _export_lines(export)]
    if not taken.texts:
        return "\n".join([*lines, "nothing is new; the tables stay as they are"])
    pending = [row for row in taken.rows if row["decision"] == PENDING]
    repeated = [row for row in taken.rows if row["decision"] != PENDING]
    lines.append(f"{counted(len(taken.rows), 'record')} added: {count(len(pending))} to screen, "
                 f"{counted(len(repeated), 'duplicate')}")  # fmt: skip
    by_reason = Counter(row["reason"] for row in repeated)
    lines += [f"  {count(n)} by: {why}" for why, n in _most(by_reason)]
    lines += _told_by_words(taken, repeated)
    lines += _flag_lines(taken)
    if taken.resorted:
        one, many = "record that nobody has decided on is", "records that nobody has decided on are"
        lines.append(f"{counted(len(taken.resorted), one, many)} sorted anew")
    if taken.written:
        lines.append("next: livingmeta screen" if pending else "next: nothing awaits a decision here")
    else:
        lines.append("nothing is written: this was a look (--dry-run)")
    return "\n".join(lines)


def _export_lines(export: Export) -> Iterator[str]:
    found = len(export.rows) + len(export.broken)
    if export.is_known and not export.added:
        yield f"{export.file}: {counted(found, 'record')}, taken in already as {export.search_id}"
        return
    state = ", completes" if export.is_known else " ->"
    yield f"{export.file}: {counted(found, 'record')}{state} {export.search_id}"
    if not export.search["date"]:
        yield "  warning: the day of the search is not stated and stays blank; --searched-on states it"


def _told_by_words(taken: Taken, repeated: list[Cells]) -> Iterator[str]:
    """Yield the duplicates that no identifier told, which are the ones to look at."""
    shown = [row for row in repeated if not any(name in row["reason"] for name in IDENTIFIERS)]
    for row in shown[:MOST_SHOWN]:
        stands_for = taken.sorted[row["record_id"]].stands_for
        of = stands_for.target if stands_for else "?"
        yield f"  without an identifier: {row['record_id']} {row['title'][:60]} - repeats {of}"
    if len(shown) > MOST_SHOWN:
        yield f"  and {count(len(shown) - MOST_SHOWN)} more without an identifier"
    if shown:
        yield "  if one of them is no duplicate: livingmeta screen RECORD_ID"


def _flag_lines(taken: Taken) -> Iterator[str]:
    """Yield each kind of flag with its count, and the flagged records with their reasons."""
    flags = [(link, row) for row in taken.rows for link in taken.sorted[row["record_id"]].links]
    for relation, n in _most(Counter(link.relation for link, _ in flags)):
        _, one, many = WORDS[relation]
        yield f"{count(n)} flagged: {one if n == 1 else many}"
        shown = [(link, row) for link, row in flags if link.relation == relation]
        for link, row in shown[:MOST_SHOWN]:
            what = row["title"] or row["citation"] or row["record_id"]
            yield f"  {what[:60]} - {WORDS[relation][0]} {link.target}: {link.because}"
        if len(shown) > MOST_SHOWN:
            yield f"  and {count(len(shown) - MOST_SHOWN)} more; livingmeta screen --list shows all"


def _most(counts: Counter[str]) -> Iterable[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
