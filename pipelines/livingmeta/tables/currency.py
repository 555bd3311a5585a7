"""How current a page and the whole book are, and what became of the declared rules, as HTML."""

from collections import Counter
from collections.abc import Sequence

from livingmeta import formats
from livingmeta.currency import Awaiting, Currency, Look, Outcome
from livingmeta.releases import Identity
from livingmeta.tables.html import Column, Markup, table, text

NO_SCHEDULE = "no schedule agreed"
LOOKS = {"exploratory": "exploratory, not a systematic search"}
STATES = {True: "met", False: "not met", None: "cannot be evaluated"}
PILLS = {True: "lm-pill-conflict", False: "lm-pill-shown", None: "lm-pill-shown"}
RULE_COLUMNS = (Column("What", css="lm-nowrap"), Column("When"), Column("Today"), Column("Seen"))
MANY_DUE = 8  # questions that are named; more are listed on a page of their own
LISTED = "what-would-help.html"
Pair = tuple[str, str]


def currency_strip(current: Currency) -> Markup:
    """Return how current a question is: version, last and next look, status, what awaits, what is due."""
    version = current.version if current.is_released else "unreleased"
    because = f"<small>{text(current.because)}</small>" if current.because else ""
    cells = (
        ("Version", text(version)),
        ("Last look", _look(current.last_look)),
        ("Next look due", _next(current)),
        ("Awaiting", text(current.awaiting.text)),
        ("Status", text(current.status) + because),
    )
    return _strip(cells, _due(current), "this question")


def _strip(cells: Sequence[Pair], lines: Sequence[str], what: str) -> Markup:
    body = "".join(f"<div><dt>{term}</dt><dd>{value}</dd></div>" for term, value in cells)
    said = "".join(f'<p class="lm-due">{line}</p>' for line in lines)
    return Markup(
        f'<section class="lm-currency" id="currency" aria-label="How current {what} is">'
        f"<dl>{body}</dl>{said}</section>"
    )


def _look(look: Look | None) -> str:
    if look is None:
        return text("")
    kind = LOOKS.get(look.kind, look.kind)
    return f'<time datetime="{look.date}">{look.date}</time><small>{text(kind)}</small>'


def _next(current: Currency) -> str:
    if current.every_months is None:
        return text(NO_SCHEDULE)
    every = f"every {current.every_months} months" if current.every_months > 1 else "every month"
    if not current.next_due:
        return f"{text('as soon as possible')}<small>{every}; no dated look is recorded</small>"
    return f"{_by_clock(current.next_due)}<small>{every}</small>"


def _by_clock(day: str) -> str:
    """Return a day that the reader's clock is compared with: once it is over, it is called overdue."""
    return f'<time datetime="{day}" data-next-due="{day}">{day}</time>'


def _from_day(day: str) -> str:
    """Return a day that the reader's clock is compared with: from it on, it is called due."""
    return f'<time datetime="{day}" data-due-from="{day}">{day}</time>'


def _due(current: Currency) -> list[str]:
    said = [("Update due", outcome) for outcome in current.update_due]
    said += [("Retirement due", outcome) for outcome in current.retirement_due]
    lines = [f"{_pill(what)} {text(_met(outcome))}" for what, outcome in said]
    dated = [("Update due", one) for one in current.updates if one.due]
    dated += [("Retirement due", one) for one in current.retirements if one.due]
    return lines + [f"{what} from {_from_day(one.due)}: {text(one.words)}." for what, one in dated]


def _pill(what: str) -> str:
    return f'<span class="lm-pill lm-pill-due">{what}</span>'


def _met(outcome: Outcome) -> str:
    return f"{outcome.seen[:1].upper()}{outcome.seen[1:]}; the rule: {outcome.words}."


def rules_table(current: Currency) -> Markup:
    """Return the rules that a question declares for updates and retirement, and what became of them."""
    rows = [_rule_row("Update", outcome) for outcome in current.updates]
    rows += [_rule_row("Retirement", outcome) for outcome in current.retirements]
    if not rows:
        return Markup("<p>No rules for updates or retirement are declared.</p>")
    missing = [
        f"No rule for {what} is declared."
        for what, rules in (("updates", current.updates), ("retirement", current.retirements))
        if not rules
    ]
    said = f"<p>{' '.join(missing)}</p>" if missing else ""
    return Markup(f"<h3>When this page is updated or retired</h3>{table(RULE_COLUMNS, rows)}{said}")


def _rule_row(what: str, outcome: Outcome) -> tuple:
    state = f"from {_from_day(outcome.due)}" if outcome.due else STATES[outcome.met]
    pill = Markup(f'<span class="lm-pill {PILLS[outcome.met]}">{state}</span>')
    return what, outcome.words, pill, outcome.seen


def book_strip(
    currencies: Sequence[Currency], look: Look | None, awaiting: Awaiting, today: Identity
) -> Markup:
    """Return how current the whole book is.

    Parameters
    ----------
    currencies : sequence of Currency
        Of all questions.
    look : Look or None
        The newest of all looks.
    awaiting : Awaiting
        What awaits, whether it is tied to a question or not.
    today : Identity
        What the build is.
    """
    dates = sorted(one.next_due for one in currencies if one.next_due)
    agreed = any(one.every_months for one in currencies)
    following = _by_clock(dates[0]) if dates else text("" if agreed else NO_SCHEDULE)
    statuses = Counter(one.status for one in currencies)
    cells = (
        ("Version", _version(today)),
        ("Last look", _look(look)),
        ("Next look due", following),
        ("Awaiting", text(awaiting.text)),
        ("Status", text(formats.listing([f"{n} {name}" for name, n in statuses.most_common()]))),
    )
    return _strip(cells, _due_questions(currencies), "this book")


def _version(today: Identity) -> str:
    if today.is_release:
        return f"{text(today.version)}<small>{text(today.date)}</small>"
    commit = f"<small>commit {text(today.commit)}</small>" if today.commit else ""
    return f"unreleased{commit}"


def _due_questions(currencies: Sequence[Currency]) -> list[str]:
    lists = (
        ("Update due", [one for one in currencies if one.update_due]),
        ("Retirement due", [one for one in currencies if one.retirement_due]),
    )
    total = formats.count(len(currencies))
    return [
        f"{_pill(what)} {formats.count(len(due))} of {total}: {_named(due)}." for what, due in lists if due
    ]


def _named(due: Sequence[Currency]) -> str:
    """Return the questions by name, or, of many, where they are listed with what they wait for."""
    if len(due) > MANY_DUE:
        return f'<a href="{LISTED}">{text("what each of them waits for")}</a>'
    return ", ".join(_link(one) for one in due)


def _link(current: Currency) -> str:
    address = f"questions/{current.part}/{current.question_id}.html#currency"
    return f'<a href="{address}">{text(current.title)}</a>'
