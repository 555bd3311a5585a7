"""The parts of a question page that are words and tables, made from its analysis."""

from livingmeta import formats
from livingmeta.analysis import Analysis, Group, Sensitivity, Subgroups
from livingmeta.cautions import in_doubt, limits
from livingmeta.charts import chart_html
from livingmeta.effect_sizes import Measure
from livingmeta.estimators import Fit
from livingmeta.judgements import risk_of_bias_status
from livingmeta.paths import Project
from livingmeta.tables.html import (
    Column,
    Markup,
    bullets,
    chips,
    definitions,
    table,
    text,
)
from livingmeta.tables.model_names import METHOD_NAMES, TEST_NAMES, without_codes
from livingmeta.verdicts import by_size, sizes_disagree, verdict


def estimate_text(fit: Fit | None, measure: Measure) -> str:
    """Return an estimate with its interval on the natural scale, or a dash."""
    if fit is None:
        return formats.MISSING
    return formats.with_interval(
        *(float(measure.to_display(x)) for x in (fit.estimate, fit.ci_lower, fit.ci_upper))
    )


def interval_text(lower: float | None, upper: float | None, measure: Measure) -> str:
    """Return an interval on the natural scale, or a dash."""
    if lower is None or upper is None:
        return formats.MISSING
    return formats.interval(float(measure.to_display(lower)), float(measure.to_display(upper)))


def answer(analysis: Analysis, banner: Markup | None = None, looks: Markup | None = None) -> Markup:
    """Return the top of the page: the question, what stands behind it, and the answer.

    Parameters
    ----------
    analysis : Analysis
        The question analysed.
    banner : Markup, optional
        How current it is, above the answer.
    looks : Markup, optional
        How often it was tested, beside the estimates.
    """
    said = verdict(analysis)
    note = f'<p class="lm-answer-note">{text(said.note)}</p>' if said.note else ""
    lead = f'<p class="lm-lead">{text(analysis.question.question)}</p>'
    box = (
        f'<div class="lm-answer" id="answer"><p><strong>{text(said.headline)}</strong> '
        f"{text(said.sentence)}</p>{note}</div>"
    )
    return Markup(lead + (banner or "") + chips(_chips(analysis)) + box + _cards(analysis) + (looks or ""))


def _chips(analysis: Analysis) -> list[str]:
    question, k = analysis.question, analysis.n_studies
    trials = "trial" if question.verdict in ("conflict_aware", "single_trial") else "study"
    plural = {"trial": "trials", "study": "studies"}[trials]
    size = f"{k} {trials if k == 1 else plural}{' pooled' if k > 1 else ''}"
    if analysis.fit is None:
        size = side_by_side(analysis)
    genetic = analysis.rows["contrast_type"].eq("mendelian_randomisation").any()  # cases and non-cases
    who = "participants" if genetic else "patients"
    people = [f"{formats.count(analysis.participants)} {who}"] if analysis.participants else []
    return [size, *people, f"risk of bias: {risk_of_bias_status(analysis)}", *in_doubt(analysis)]


def side_by_side(analysis: Analysis) -> str:
    """Return how many of the studies of a page that pools nothing have a usable number, in words."""
    k, of = analysis.n_studies, int(analysis.rows["study_id"].nunique())
    studies = "study" if of == 1 else "studies"
    if analysis.question.measure is None:
        return f"{of} {studies}, nothing pooled"
    rows, used = analysis.rows, analysis.effects.frame
    others = rows[~rows["study_id"].isin(used["study_id"] if len(used) else ())]
    out = [item.line for item in analysis.effects.excluded]
    more = others["result_status"].eq("numeric") & ~others["line"].isin(out)
    return f"{k} of {of} {studies} {'side by side' if more.any() else 'with a usable number'}"


def _cards(analysis: Analysis) -> str:
    split, measure = by_size(analysis), analysis.effects.measure
    if analysis.fit is None or analysis.fit.k == 1:
        return ""
    if split and all(group.fit for group in split.groups):
        cards = [
            _group_card(group, measure, css)
            for group, css in zip(split.groups, ("lm-teal", "lm-rust"), strict=False)
        ]
        between = (
            f"difference by {split.title.lower()}, meta-regression: {formats.p_value(split.between.p_value)}"
            if split.between
            else ""
        )
        return _card_row([*cards[:-1], cards[-1].replace("<!--note-->", text(between))])
    assert analysis.common is not None
    return _card_row(
        [
            _fit_card("Random effects", analysis.fit, measure, "lm-teal"),
            _fit_card("Common effect", analysis.common, measure, ""),
        ]
    )


def _card_row(cards: list[str]) -> str:
    return f'<div class="lm-cards">{"".join(cards).replace("<!--note-->", "")}</div>'


def _group_card(group: Group, measure: Measure, css: str) -> str:
    people = f" · {formats.count(group.participants)} patients" if group.participants else ""
    assert group.fit is not None
    return _card(f"{len(group.rows)} trials: {group.label.lower()}{people}", group.fit, measure, css)


def _fit_card(label: str, fit: Fit, measure: Measure, css: str) -> str:
    return _card(f"{label} · {fit.k} studies", fit, measure, css)


def _card(label: str, fit: Fit, measure: Measure, css: str) -> str:
    value, lower, upper = (float(measure.to_display(x)) for x in (fit.estimate, fit.ci_lower, fit.ci_upper))
    show = formats.alike(value, lower, upper)
    method = METHOD_NAMES[fit.method][0].upper() + METHOD_NAMES[fit.method][1:]
    return (
        f'<div class="lm-card {css}"><div class="lm-card-label">{text(label)}</div>'
        f'<div class="lm-card-value">{measure.label} {show(value)} '
        f'<span class="lm-card-ci">({formats.interval(lower, upper, show=show)})</span></div>'
        f'<div class="lm-card-note">{method}; {TEST_NAMES[fit.test]} <!--note--></div></div>'
    )


def pico(analysis: Analysis) -> Markup:
    """Return population, exposure, comparator, outcome, designs and eligibility."""
    question = analysis.question
    observational = is_observational(analysis)
    pairs = [
        ("Population", question.population),
        ("Exposure" if observational else "Intervention", question.intervention),
        ("Comparator", question.comparator),
        ("Outcome", question.outcome),
        ("Designs", question.designs),
        ("Eligibility", bullets(question.eligibility)),
        ("Living mode", _living(analysis)),
        ("Smallest difference that matters", _threshold(question.minimal_important_difference)),
    ]
    paragraphs = "".join(f"<p>{text(part)}</p>" for part in question.text.strip().split("\n\n"))
    return Markup(paragraphs + definitions(pairs))


def is_observational(analysis: Analysis) -> bool:
    """Return whether magnesium was measured and not given, by the question, else by all its rows."""
    if analysis.question.verdict in ("association", "correlation"):
        return True
    return len(analysis.rows) > 0 and bool(analysis.rows["allocation"].eq("observational").all())


def relation(analysis: Analysis) -> str:
    """Return what the estimates of a question are: a correlation, an association or an effect."""
    if analysis.effects.measure.code == "ZCOR":
        return "correlation"
    return "association" if is_observational(analysis) else "effect"


def _threshold(value: float | None) -> str:
    return "not defined" if value is None else formats.number(value)


def _living(analysis: Analysis) -> str:
    living = analysis.question.living
    because = living.get("because")
    return f"{living.get('status', 'not recorded')}{': ' + str(because).rstrip('.') if because else ''}."


def heterogeneity(analysis: Analysis) -> Markup:
    """Return the spread between studies, in words and in numbers."""
    fit, measure = analysis.fit, analysis.effects.measure
    if fit is None or fit.k < 2:
        return absent(analysis, "heterogeneity")
    rows = [
        (
            "τ² (between-study variance, analysis scale)",
            f"{formats.number(fit.tau2, 4)}{_tau2_interval(fit)}",
        ),
        ("95% prediction interval", _prediction(fit, measure)),
        ("I² (from τ²)", formats.percent(fit.i2)),
        ("I² (from Q)", formats.percent(fit.i2_q)),
        ("Q", f"{formats.number(fit.q)} on {fit.q_df} df, {formats.p_value(fit.q_p)}"),
    ]
    return Markup(f"<p>{text(_spread_in_words(analysis, fit))}</p>" + definitions(rows, "lm-pico"))


def _tau2_interval(fit: Fit) -> str:
    if fit.tau2_ci_lower is None or fit.tau2_ci_upper is None:
        return ""
    limits_text = formats.interval(fit.tau2_ci_lower, fit.tau2_ci_upper, show=lambda x: formats.number(x, 4))
    return f" (95% CI {limits_text}, Q-profile)"


def _prediction(fit: Fit, measure: Measure) -> str:
    if fit.k < 5 or fit.pi_lower is None:
        return "not shown below five studies"
    return f"{interval_text(fit.pi_lower, fit.pi_upper, measure)} (t, {fit.pi_df:g} df)"


def _spread_in_words(analysis: Analysis, fit: Fit) -> str:
    measure, noun = analysis.effects.measure, relation(analysis)
    if not fit.tau2:
        spread = "The estimated variance between studies is zero, although few studies cannot rule out more"
    else:
        deviation = formats.number(fit.tau2**0.5)
        spread = (
            f"{noun.capitalize()}s differ between studies with a standard deviation of {deviation} "
            "on the analysis scale"
        )
    if fit.k < 5 or fit.pi_lower is None:
        return f"{spread}."
    return (
        f"{spread}: in a new study like these, the {measure.label} is expected between {_and(fit, measure)}."
    )


def _and(fit: Fit, measure: Measure) -> str:
    return " and ".join(formats.ratio(float(measure.to_display(x))) for x in (fit.pi_lower, fit.pi_upper))


def absent(analysis: Analysis, name: str) -> Markup:
    """Return why a display is not on the page."""
    return Markup(f'<p class="lm-absent">{text(analysis.absent.get(name, ""))}</p>')


SENSITIVITY_COLUMNS = (
    Column("Analysis"),
    Column("What differs"),
    Column("k", numeric=True),
    Column("Estimate (95% CI)", numeric=True),
    Column("95% PI", numeric=True),
    Column("τ²", numeric=True),
)


def sensitivity(analysis: Analysis) -> Markup:
    """Return how much the answer depends on the method and on the studies."""
    if analysis.fit is None:
        return Markup('<p class="lm-absent">Nothing is pooled, so there is no method to vary.</p>')
    fit, alone = analysis.fit, analysis.fit.k == 1
    model = "its own effect" if alone else METHOD_NAMES[fit.method]
    name = "The study by itself" if alone else "Random effects"
    main = Sensitivity(name, f"{model}; {TEST_NAMES[fit.test]}", analysis.effects, fit)
    shown = (item for item in (main, *analysis.sensitivity) if not _has_better_interval(item, analysis))
    rows = [_sensitivity_row(item) for item in shown]
    return table(SENSITIVITY_COLUMNS, [*rows, *_peese_row(analysis)])


def _has_better_interval(item: Sensitivity, analysis: Analysis) -> bool:
    """Return whether a row is the Wald interval of a difference that leads the page with Newcombe's."""
    table = analysis.one_table
    return bool(table and table.has_zero and item.effects.k == 1 and item.effects.measure.code == "RD")


def _sensitivity_row(item: Sensitivity) -> tuple:
    measure, fit = item.effects.measure, item.fit
    estimate = f"{measure.label} {estimate_text(fit, measure)}" if fit else item.reason
    prediction = interval_text(fit.pi_lower, fit.pi_upper, measure) if fit and fit.k >= 5 else formats.MISSING
    return (
        item.name,
        without_codes(item.difference),
        item.effects.k,
        estimate,
        prediction,
        formats.number(fit.tau2 if fit else None, 3),
    )


def _peese_row(analysis: Analysis) -> list[tuple]:
    if analysis.peese is None:
        return []
    measure = analysis.effects.measure
    ends = (analysis.peese.intercept, analysis.peese.intercept_ci_lower, analysis.peese.intercept_ci_upper)
    estimate = formats.with_interval(*(float(measure.to_display(x)) for x in ends))
    what = f"{relation(analysis)} expected in a very large study"
    return [
        ("PEESE", what, analysis.effects.k, f"{measure.label} {estimate}", formats.MISSING, formats.MISSING)
    ]


def small_studies(analysis: Analysis, project: Project) -> Markup:
    """Return the funnel plot with the tests of small-study effects, or why there are none."""
    funnel = figure("funnel", analysis, project)
    if analysis.fit is None or "funnel" in analysis.absent:
        return funnel
    parts = []
    split = by_size(analysis)
    if split and split.between:
        parts.append(
            f"Difference between small and large trials: {formats.p_value(split.between.p_value)} "
            "(random-effects meta-regression, Knapp-Hartung)."
        )
    if analysis.peters:
        peters = analysis.peters
        parts.append(
            f"Peters’ test with its original weights: t = {formats.number(peters.statistic)}, "
            f"{peters.df} df, {formats.p_value(peters.p_value)}."
        )
    parts += _trim_and_fill(analysis)
    parts.append(
        "Asymmetry has other causes than missing studies: trials differ in patients, dose and quality too."
    )
    return Markup("<p>" + " ".join(text(part) for part in parts) + "</p>" + funnel)


FALSE_COMFORT = (
    "it keeps the weights of the random-effects model, so where large and small studies disagree "
    "it reassures falsely"
)
ELSEWHERE = (
    "Baujat and GOSH plots are not drawn here; 'livingmeta analyse --with baujat,gosh' has their numbers."
)


def _trim_and_fill(analysis: Analysis) -> list[str]:
    """Return what trim and fill gives, with what it cannot mend, and why other pictures are not here."""
    found, measure = analysis.trim_and_fill, analysis.effects.measure
    if found is None:
        return []
    shown = formats.with_interval(
        *(float(measure.to_display(found[name])) for name in ("estimate", "ci_lower", "ci_upper"))
    )
    added = f"{formats.words(found['k0'])} {'study' if found['k0'] == 1 else 'studies'}"
    said = f"Trim and fill ({found['estimator']}, z) adds {added} and gives {measure.label} {shown}"
    split = by_size(analysis)
    tail = f"; {FALSE_COMFORT}." if sizes_disagree(split) else "."
    return [said + tail, ELSEWHERE]


def limits_box(analysis: Analysis) -> Markup:
    """Return the box of what to keep in mind."""
    return Markup(
        f'<div class="lm-limits"><p><strong>Limits of this page</strong></p>{bullets(limits(analysis))}</div>'
    )


def excluded(analysis: Analysis) -> Markup:
    """Return rows of the main analysis that could not enter, with their reasons."""
    items = [f"{item.study} (line {item.line}): {item.reason}" for item in analysis.effects.excluded]
    return Markup(f"<p>Not entered:</p>{bullets(items)}") if items and analysis.fit else Markup("")


SUBGROUP_COLUMNS = (
    Column("Group"),
    Column("k", numeric=True),
    Column("Patients", numeric=True),
    Column("Estimate (95% CI)", numeric=True),
    Column("I²", numeric=True),
    Column("Within the group", numeric=True),
)


def subgroup_table(analysis: Analysis) -> Markup:
    """Return the estimate and the spread of each subgroup, and the test between them."""
    parts = []
    for item in analysis.subgroups:
        rows = [_subgroup_row(group, analysis.effects.measure) for group in item.groups]
        parts.append(f"<p>{text(_subgroup_words(item))}</p>{table(SUBGROUP_COLUMNS, rows)}")
    return Markup("".join(parts))


def _subgroup_row(group: Group, measure: Measure) -> tuple:
    fit = group.fit
    estimate = estimate_text(fit, measure) if fit else group.reason
    within = formats.MISSING if fit is None or fit.q_p is None else f"Q test {formats.p_value(fit.q_p)}"
    people = formats.count(group.participants)
    spread = formats.percent(fit.i2 if fit else None)
    return group.label, len(group.rows), people, estimate, spread, within


def _subgroup_words(item: Subgroups) -> str:
    model = f"{item.title}; each group by {METHOD_NAMES[item.method]}."
    if item.between is None:
        return model
    return (
        f"{model} Difference between groups: {formats.p_value(item.between.p_value)} (random-effects "
        f"meta-regression, {item.between.method}, {TEST_NAMES[item.between.test]})."
    )


API = "../../../api/v1/questions"


def figure(name: str, analysis: Analysis, project: Project) -> Markup:
    """Return a chart with the links to its data, or why it is not there."""
    base = f"{API}/{analysis.question.id}"
    links = (("table", "#studies-as-reported"), ("SVG", f"{base}.{name}.svg"), ("CSV", f"{base}.csv"))
    return Markup(chart_html(name, analysis, links=links, cache_dir=project.svg_cache))
