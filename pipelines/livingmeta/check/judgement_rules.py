"""Rules about judgements: each must be one that its instrument allows, and say what it rests on."""

from collections import Counter
from collections.abc import Iterator, Mapping

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.header_rules import did_you_mean
from livingmeta.check.sources import Curated, Row
from livingmeta.instruments import BODY, CONSENSUS, NO_INFORMATION, OVERALL, allowed, kind_of

Declared = Mapping[str, Mapping[str, Row]]  # row of instruments.csv by tool and domain


def judgement_findings(curated: Curated) -> Iterator[Finding]:
    """Yield what is wrong with the instruments and with the judgements made by them."""
    declared = _declared(curated)
    yield from _instruments(declared)
    contrasts = _contrasts(curated)
    for row in _rows(curated, "risk_of_bias"):
        yield from _of_an_effect(row, declared, contrasts)
    for row in _rows(curated, "certainty"):
        yield from _of_a_body(row, declared)
    yield from _differing(list(_rows(curated, "risk_of_bias")), ("effect_id", "tool", "domain"))
    yield from _differing(list(_rows(curated, "certainty")), ("question_id", "domain"))
    yield from _too_good(list(_rows(curated, "risk_of_bias")), declared)


def _rows(curated: Curated, table: str) -> Iterator[Row]:
    source = curated.tables.get(table)
    yield from source.rows() if source else ()


def _declared(curated: Curated) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in _rows(curated, "instruments"):
        found.setdefault(row.text("tool"), {})[row.text("domain")] = row
    return found


def _contrasts(curated: Curated) -> dict[str, dict[str, str]]:
    """Return what decides on the instrument, by effect."""
    designs = {row.text("study_id"): row.text("design_type") for row in _rows(curated, "studies")}
    return {
        row.text("effect_id"): {
            "contrast_type": row.text("contrast_type"),
            "allocation": row.text("allocation"),
            "design_type": designs.get(row.text("study_id"), ""),
        }
        for source in curated.effects.values()
        for row in source.rows()
    }


def _instruments(declared: Declared) -> Iterator[Finding]:
    for tool, domains in declared.items():
        first = next(iter(domains.values()))
        if OVERALL not in domains:
            yield first.finding("domain", f"{tool} must also have a row for {OVERALL}")
        orders = Counter(row.text("order") for row in domains.values())
        for row in domains.values():
            if orders[row.text("order")] > 1:
                yield row.finding("order", f"must be different for each domain of {tool}")
            if len(allowed(row.text("judgements"))) < 2:
                yield row.finding("judgements", "must be two or more, separated by semicolons, best first")
            for column in ("version", "applies_to"):
                if row.text(column) != first.text(column):
                    yield row.finding(column, f"must be the same for all domains of {tool}")


def _of_an_effect(
    row: Row, declared: Declared, contrasts: Mapping[str, Mapping[str, str]]
) -> Iterator[Finding]:
    tool = row.text("tool")
    tools = [name for name, domains in declared.items() if _applies_to(domains) != BODY]
    if tool not in tools:
        yield row.finding("tool", f"must be one of {', '.join(tools)}{did_you_mean(tool, tools)}")
        return
    yield from _allowed(row, declared[tool], tool)
    contrast = contrasts.get(row.text("effect_id"))
    kind = kind_of(contrast) if contrast else ""
    if contrast is not None and _applies_to(declared[tool]) != kind:
        fitting = [name for name in tools if kind and _applies_to(declared[name]) == kind]
        wanted = " or ".join(fitting) or "an instrument that is not recorded here"
        rule = f"by its contrast and design this effect needs {wanted}"
        yield row.finding("tool", rule, WARNING)


def _applies_to(domains: Mapping[str, Row]) -> str:
    return next(iter(domains.values())).text("applies_to")


def _of_a_body(row: Row, declared: Declared) -> Iterator[Finding]:
    tool = next((name for name, domains in declared.items() if _applies_to(domains) == BODY), "")
    if not tool:
        yield row.finding("domain", f"instruments.csv must have an instrument for the {BODY}")
        return
    yield from _allowed(row, declared[tool], tool)
    best = _judgements(declared[tool], row.text("domain"))[:1]
    if row.text("judgement") not in best and not row.text("reason"):
        yield row.finding("reason", f"must say what the judgement {row.text('judgement')} rests on")


def _judgements(domains: Mapping[str, Row], domain: str) -> tuple[str, ...]:
    return allowed(domains[domain].text("judgements")) if domain in domains else ()


def _allowed(row: Row, domains: Mapping[str, Row], tool: str) -> Iterator[Finding]:
    domain, judgement = row.text("domain"), row.text("judgement")
    if domain not in domains:
        yield row.finding(
            "domain", f"must be one of {', '.join(domains)} ({tool}){did_you_mean(domain, domains)}"
        )
        return
    known = _judgements(domains, domain)
    if judgement not in known:
        hint = did_you_mean(judgement, known)
        yield row.finding("judgement", f"must be one of {', '.join(known)} ({tool}, {domain}){hint}")


def _differing(rows: list[Row], columns: tuple[str, ...]) -> Iterator[Finding]:
    """Yield judgements on which assessors differ and nobody has entered what they agreed on."""
    by_key: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        by_key.setdefault(tuple(row.text(column) for column in columns), []).append(row)
    for same in by_key.values():
        agreed = any(row.text("assessor") == CONSENSUS for row in same)
        if len({row.text("judgement") for row in same}) > 1 and not agreed:
            rule = f"assessors differ; add the row that they agree on, with {CONSENSUS} as assessor"
            yield same[-1].finding("judgement", rule, WARNING)


def _too_good(rows: list[Row], declared: Declared) -> Iterator[Finding]:
    """Yield overall judgements that are better than one of the same assessor on a single domain."""
    worst: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.text("domain") != OVERALL:
            worst[_who(row)] = max(worst.get(_who(row), 0), _rank(row, declared))
    for row in rows:
        if row.text("support"):
            continue
        if row.text("domain") == OVERALL and 0 <= _rank(row, declared) < worst.get(_who(row), 0):
            yield row.finding("judgement", "better than that of a domain; say in support why", WARNING)


def _who(row: Row) -> tuple[str, ...]:
    return tuple(row.text(column) for column in ("effect_id", "tool", "assessor"))


def _rank(row: Row, declared: Declared) -> int:
    """Return the place of a judgement from the best one on; -1 for one without a place."""
    known = _judgements(declared.get(row.text("tool"), {}), row.text("domain"))
    judgement = row.text("judgement")
    return known.index(judgement) if judgement in known and judgement != NO_INFORMATION else -1
