"""How answers changed over versions: the section of a question page, and What's new."""

from collections.abc import Mapping, Sequence

from livingmeta import formats
from livingmeta.charts.statements import MIN_STUDIES_FOR_PREDICTION
from livingmeta.charts.trajectory import trajectory_html, why_no_trajectory
from livingmeta.currency import Currency
from livingmeta.history import (
    Changes,
    History,
    Moved,
    Step,
    interval_text,
    release_moves,
    studies_changed,
)
from livingmeta.paths import Project
from livingmeta.releases import KINDS, Release
from livingmeta.tables.currency import rules_table
from livingmeta.tables.html import Column, Markup, bullets, table, text

METHODS = "../../methods.html#repeated-looks"
MANY = 12  # studies that are named; of more only the number is given
STEP_COLUMNS = (
    Column("Version", css="lm-nowrap"),
    Column("Kind"),
    Column("Estimate (CI)", numeric=True),
    Column("PI", numeric=True, title="Prediction interval"),
    Column("k", numeric=True, title="Studies in the estimate, or results shown side by side"),
    Column("Participants", numeric=True),
    Column("What changed, and why"),
)
MOVED_COLUMNS = (Column("Question"), Column("Before"), Column("Now"), Column("Note"))


def history_section(
    past: History, current: Currency, project: Project, direction: Mapping[str, str] | None = None
) -> Markup:
    """Return how the answer of a question changed: the looks, the figure, its table, and the rules.

    Parameters
    ----------
    past : History
        The steps of the question.
    current : Currency
        With what became of its rules.
    project : Project
        Where drawn pictures are kept.
    direction : mapping, optional
        What lies `below` and `above` no effect, in words.
    """
    reason = why_no_trajectory(past)
    if reason:
        figure = f'<p class="lm-absent" id="trajectory">{text(reason)}</p>'
    else:
        links = (("table", "#versions"), ("record (JSON)", _record(past)))
        figure = trajectory_html(past, direction, links, project.svg_cache)
    steps = versions_table(past) if past.steps else ""
    return Markup(looks_caution(past) + figure + steps + rules_table(current))


def _record(past: History) -> str:
    return f"../../../api/v1/questions/{past.question_id}.json"


def looks_caution(past: History) -> Markup:
    """Return how many new searches stand behind the estimate, and what follows from it."""
    n = past.looks
    if n == 0:
        said = (
            "<strong>No look so far.</strong> No new search for this question has been released yet, so its "
            "estimate has not been tested repeatedly."
        )
    else:
        counted = f"{formats.words(n).capitalize()} {'look' if n == 1 else 'looks'} so far."
        said = (
            f"<strong>{counted}</strong> Each new search tests the estimate once more, and repeated looks "
            "make false positives likelier than the interval says; nothing is corrected for it."
        )
    return Markup(f'<p class="lm-looks">{said} <a href="{METHODS}">How looks are counted</a></p>')


def looks_note(past: History) -> Markup:
    """Return the number of looks in one line for a place beside the estimate, nothing where there is none."""
    if not past.steps or past.steps[-1].lead["estimate"] is None:
        return Markup("")
    said = (
        "so nothing was tested repeatedly"
        if not past.looks
        else ("and repeated looks make false positives likelier than the interval says")
    )
    none = "No new search has been released yet"
    counted = f"{formats.words(past.looks).capitalize()} {'look' if past.looks == 1 else 'looks'} so far"
    link = '<a href="#how-the-answer-has-changed">How the answer has changed</a>'
    return Markup(f'<p class="lm-looks-note">{counted if past.looks else none}, {said}. {link}</p>')


def versions_table(past: History) -> Markup:
    """Return each version with its estimate, newest first, and what changed it."""
    rows = [_step_row(step, is_first) for step, is_first in _newest_first(past.steps)]
    return Markup(f'<div id="versions">{table(STEP_COLUMNS, rows, "lm-table lm-versions")}</div>')


def _newest_first(steps: Sequence[Step]) -> list[tuple[Step, bool]]:
    return [(step, i == 0) for i, step in enumerate(steps)][::-1]


def _step_row(step: Step, is_first: bool) -> tuple:
    shown, k, lead = step.display, step.summary["k"], step.summary["verdict"]
    predicted = k >= MIN_STUDIES_FOR_PREDICTION and shown.get("pi_lower") is not None
    name = f"<strong>{text(step.version)}</strong>"
    dated = f"<br><small>{text(step.date)}</small>" if step.is_release else ""
    look = "<br><small>a look</small>" if step.is_look else ""
    return (
        Markup(name + dated),
        Markup(text(step.kind_text, formats.MISSING) + look),
        _estimates(step),
        formats.interval(shown["pi_lower"], shown["pi_upper"]) if predicted else formats.MISSING,
        _of_both(step, lead.get("k"), k),
        _of_both(step, lead.get("participants"), step.summary["participants"]),
        _what_changed(step, is_first),
    )


def _of_both(step: Step, leading: int | None, main: int | None) -> Markup:
    """Return a count behind the main model, below that behind the leading number where it is another."""
    if not step.leads_otherwise or leading in (None, main):
        return Markup(text(formats.count(main)))
    return Markup(f"{formats.count(leading)}<br><small>{formats.count(main)}</small>")


def _estimates(step: Step) -> Markup:
    if step.lead["estimate"] is None and step.display["estimate"] is None:
        return Markup("nothing pooled")
    main = f"{step.symbol} {interval_text(step.display)}"
    lead = f"{step.lead_symbol} {interval_text(step.lead)}"
    if not step.leads_otherwise:
        return Markup(text(main))
    who = f"{step.summary['method']}: " if step.summary["pooled"] else ""
    return Markup(f"{text(lead)}<br><small>{text(who + main)}</small>")


def _what_changed(step: Step, is_first: bool) -> Markup:
    if not step.is_release:
        return Markup("not released yet" if is_first else "differs from the newest version")
    parts = [text(step.reason)] if step.reason else []
    if is_first:
        parts.append("first version with this question")
    else:
        parts += _lines(step.changes, "entered", "left")
        parts.append(f'<a href="../../changes/{step.version}.html">all changes</a>')
    return Markup("<br>".join(parts))


def _lines(changes: Changes, added: str, dropped: str) -> list[str]:
    listed = ((changes.added, added), (changes.dropped, dropped))
    lines = [f"{len(names)} {word}: {_listed(names)}" for names, word in listed if names]
    return lines + [f"<em>{text(flag)}</em>" for flag in changes.flags]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(text(name) for name in names[:MANY])
    return f"{shown} and {len(names) - MANY} more" if len(names) > MANY else shown


def whats_new(released: Sequence[Release], unreleased: Markup | None = None) -> Markup:
    """Return what each version changed, newest first, as Markdown with headings.

    Parameters
    ----------
    released : sequence of Release
        All releases, oldest first.
    unreleased : Markup, optional
        What is not released yet, from `unreleased_part`.
    """
    parts = ["## Unreleased\n\n" + unreleased] if unreleased is not None else []
    before = dict(zip((one.version for one in released[1:]), released, strict=False))
    parts += [_release_part(release, before.get(release.version)) for release in reversed(released)]
    return Markup("\n\n".join(parts) or "Nothing has been released yet.")


def _release_part(release: Release, before: Release | None) -> str:
    kind = f'<span class="lm-pill lm-pill-pooled">{text(KINDS.get(release.kind, release.kind))}</span>'
    address = f"../../v{release.version}/book/index.html"
    links = f'<span class="lm-version-link" data-version-href="{address}">this version of the site</span>'
    if before is not None:
        links = f'<a href="changes/{release.version}.html">all changes</a> {links}'
    head = (
        f'<p class="lm-release"><time datetime="{text(release.date)}">{text(release.date)}</time> {kind} '
        f"{text(release.reason)}</p>"
    )
    body = _first(release) if before is None else _changed(release, before)
    anchor = f"(version-{release.version.replace('.', '-')})="
    return f'{anchor}\n## {release.version}\n\n{head}{body}<p class="lm-release-links">{links}</p>'


def _first(release: Release) -> str:
    added = studies_changed(release).added
    studies = f", {formats.count(len(added))} studies" if added else ""
    n = len(release.estimates)
    return f"<p>The first version: {formats.count(n)} {'question' if n == 1 else 'questions'}{studies}.</p>"


def _changed(release: Release, before: Release) -> str:
    return _studies(studies_changed(release)) + moved_table(release_moves(release, before))


def _studies(changes: Changes) -> str:
    added, dropped = _study(changes.added, "added"), _study(changes.dropped, "dropped")
    lines = [Markup(line) for line in _lines(changes, added, dropped)]
    return bullets(lines) if lines else "<p>No study was added or dropped.</p>"


def _study(names: Sequence[str], what: str) -> str:
    return f"{'study' if len(names) == 1 else 'studies'} {what}"


def moved_table(moves: Sequence[Moved]) -> Markup:
    """Return the estimates that moved, before and after, or that none did."""
    if not moves:
        return Markup("<p>No estimate moved.</p>")
    return table(MOVED_COLUMNS, [_moved_row(one) for one in moves], "lm-table lm-moved")


def _moved_row(one: Moved) -> tuple:
    title = text(one.title)
    link = f'<a href="questions/{one.part}/{one.question_id}.html">{title}</a>' if one.new else title
    note = ", ".join(one.flags) or formats.MISSING
    return Markup(link), one.old or "new question", one.new or "no longer in the book", note


def unreleased_part(newest: Release | None, since: Changes, moves: Sequence[Moved]) -> Markup:
    """Return what differs between a build that is not released and the newest release.

    Parameters
    ----------
    newest : Release or None
        The newest release.
    since : Changes
        Studies added and dropped since.
    moves : sequence of Moved
        Estimates that differ.
    """
    if newest is None:
        return Markup("<p>Nothing has been released yet: there is no version to compare with.</p>")
    head = f"<p>Since version {text(newest.version)}:</p>"
    return Markup(head + _studies(since) + moved_table(moves))
