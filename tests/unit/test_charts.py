"""Charts are tested through their records and specifications, never through pixels."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd
import pytest
from altair.utils.schemapi import SchemaValidationError, debug_mode
from scipy.stats import norm

from livingmeta import drawing, formats
from livingmeta.analysis import Analysis, Group, Subgroups
from livingmeta.charts import (
    CHARTS,
    chart_html,
    chart_spec,
    mini_interval,
    render_svg,
    standalone_svg,
    vega_bundle_js,
)
from livingmeta.charts.axes import Axis, effect_axis, ticks
from livingmeta.charts.captions import forest_caption, funnel_caption
from livingmeta.charts.forest import (
    LARGEST_SQUARE,
    SMALLEST_SQUARE,
    description,
    diamond,
    interval_records,
    square_area,
    tooltip_fields,
)
from livingmeta.charts.forest_text import forest_texts
from livingmeta.charts.funnel import BANDS, contour_records, funnel_axis, line_records, point_records
from livingmeta.charts.layout import COMMON, HEADING, NOTE, RANDOM, STUDY, SUBTOTAL, TOTALS, forest_layout
from livingmeta.charts.marks import Text, layer, layered, pixels, text_layers
from livingmeta.charts.render import cache_key, figure_html
from livingmeta.charts.scene import scene_of
from livingmeta.charts.statements import called, statements
from livingmeta.charts.static_text import for_a_still, text_elements
from livingmeta.charts.textwidth import shortened, text_width, wrap
from livingmeta.diagnostics import between_groups, one_table
from livingmeta.effect_sizes import EffectSizes, effect_sizes, with_field_names
from livingmeta.estimators import fit_counts, pool
from livingmeta.questions import Question, SubgroupRule

SMALL, LARGE = "Fewer than 1,000 patients", "1,000 patients or more"
SIZE_RULE = SubgroupRule("size", "Trial size", "n_total", 1000, (SMALL, LARGE), "MH", "z")


def made_up_tables(k: int = 12) -> pd.DataFrame:
    """Return made-up trials: three large without effect, the others small with a large one."""
    sizes = [20000 - 3000 * i if i < 3 else 40 + 11 * i for i in range(k)]
    risks = [0.08 if i < 3 else 0.05 for i in range(k)]
    pairs = list(zip(sizes, risks, strict=True))
    return pd.DataFrame(
        {
            "study": [f"Trial {chr(65 + i)}" for i in range(k)],
            "year": [2000 - i for i in range(k)],
            "ai": [0 if i == k - 1 else max(1, round(n * r)) for i, (n, r) in enumerate(pairs)],
            "n1i": sizes,
            "ci": [round(n * (0.08 if i < 3 else 0.16)) for i, n in enumerate(sizes)],
            "n2i": sizes,
            "line": range(2, 2 + k),
        }
    )


def question(**given) -> Question:
    text = dict.fromkeys(
        (
            *("id", "part", "title", "question", "population", "intervention", "comparator", "outcome"),
            *("outcome_noun", "outcome_event", "designs", "text", "effects"),
        ),
        "made up",
    )
    sides = {"below": "fewer events with treatment", "above": "more events with treatment"}
    base = {**text, "eligibility": (), "measure": "OR", "verdict": "association", "living": {}}
    return Question(**{**base, "direction": sides, **given})


def analysed(effects: EffectSizes, asked: Question, common: str = "EE", subgroups=(), fit=True) -> Analysis:
    return Analysis(
        question=asked,
        rows=effects.frame,
        effects=effects,
        fit=pool(effects) if fit else None,
        common=pool(effects, common, "z") if fit and effects.k > 1 else None,
        reason="" if fit else "made-up reason",
        subgroups=tuple(subgroups),
        sensitivity=(),
        one_table=None,
        peese=None,
        peters=None,
        trim_and_fill=None,
        absent={},
    )


def group(effects: EffectSizes, label: str, keep: np.ndarray, fit) -> Group:
    part = effects.subset(keep)
    rows = tuple(np.flatnonzero(keep).tolist())
    return Group(label, rows, fit(part), int(part.frame["n_total"].sum()), "" if fit(part) else "too few")


@pytest.fixture(scope="module")
def split() -> Analysis:
    effects = effect_sizes(with_field_names(made_up_tables()), "OR")
    large = effects.frame["n_total"].to_numpy(float) >= 1000
    groups = tuple(
        group(effects, label, keep, lambda part: fit_counts(part, "MH"))
        for label, keep in ((LARGE, large), (SMALL, ~large))
    )
    between = between_groups(effects, np.where(large, LARGE, SMALL), "REML", "knha")
    division = Subgroups("size", "Trial size", groups, "MH", between)
    arms = {"treatment": "Treatment", "control": "Control"}
    asked = question(verdict="conflict_aware", arms=arms, subgroups=(SIZE_RULE,))
    return analysed(effects, asked, "MH", [division])


@pytest.fixture(scope="module")
def plain() -> Analysis:
    rows = pd.DataFrame(
        {
            "study": ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"],
            "year": [2010, 2008, 2012, 2008, 2015],
            "estimate": [1.4, 1.6, 2.8, 1.2, 1.6],
            "ci_lower": [1.2, 1.3, 1.3, 1.0, 1.2],
            "ci_upper": [1.6, 2.0, 6.3, 1.4, 2.0],
            "n_total": [900.0, 2100.0, 350.0, 1000.0, np.nan],
            "line": range(2, 7),
        }
    )
    return analysed(effect_sizes(rows, "HR"), question(measure="HR"))


@pytest.fixture(scope="module")
def correlations() -> Analysis:
    rows = pd.DataFrame({"r": [-0.5, -0.3, -0.6, 0.1], "n": [60, 40, 110, 30], "line": range(2, 6)})
    rows["study"] = ["One", "Two", "Three", "Four"]
    asked = question(measure="ZCOR", direction={"below": "inverse", "above": "positive"})
    return analysed(effect_sizes(rows, "ZCOR"), asked)


@pytest.fixture(scope="module")
def single() -> Analysis:
    effects = effect_sizes(with_field_names(made_up_tables(12).iloc[[3]]), "RR")
    return analysed(effects, question(measure="RR", verdict="single_trial"))


def fewer(analysis: Analysis, k: int) -> Analysis:
    return analysed(analysis.effects.subset(np.arange(analysis.effects.k) < k), analysis.question)


def of_kind(analysis: Analysis, *kinds: str):
    return [row for row in forest_layout(analysis).rows if row.kind in kinds]


# Rows


def test_a_split_plot_starts_with_the_first_group_and_its_largest_trial(split):
    rows = forest_layout(split).rows
    assert [row.label for row in rows if row.kind == HEADING] == [LARGE, SMALL, "All twelve studies"]
    assert rows[1].label == "Trial A 2000"
    sizes = [split.effects.frame["n_total"].iloc[i] for i in split.subgroups[0].groups[1].rows]
    small = [row.participants for row in of_kind(split, STUDY)[3:]]
    assert small == sorted(small, reverse=True)
    assert len(small) == len(sizes)


def test_rows_of_a_plain_plot_follow_year_then_name(plain):
    labels = [row.label for row in of_kind(plain, STUDY)]
    assert labels == ["Beta 2008", "Delta 2008", "Alpha 2010", "Gamma 2012", "Epsilon 2015"]


def test_a_year_within_the_name_is_not_repeated(plain):
    named = plain.effects.frame.assign(study=["A 2010", "B", "C", "D", "E"])
    other = replace(plain, effects=replace(plain.effects, frame=named))
    assert "A 2010" in [row.label for row in of_kind(other, STUDY)]


def test_weights_and_participants_sum_to_100(split, plain):
    for analysis in (split, plain):
        assert math.isclose(sum(row.weight for row in of_kind(analysis, STUDY)), 100)
    assert math.isclose(sum(row.participants for row in of_kind(split, STUDY)), 100)
    assert math.isclose(sum(row.weight for row in of_kind(split, SUBTOTAL)), 100)
    assert math.isclose(sum(row.participants for row in of_kind(split, SUBTOTAL)), 100)


def test_squares_of_a_split_plot_follow_the_common_effect_weights(split, plain):
    sizes = {row.label: row.size for row in of_kind(split, STUDY)}
    assert sizes["Trial A 2000"] == pytest.approx(split.common.weights[0])
    assert {row.label: row.size for row in of_kind(plain, STUDY)}["Alpha 2010"] == pytest.approx(
        plain.fit.weights[0]
    )


def test_totals_are_the_sums_of_both_arms(split):
    frame = split.effects.frame
    total = next(row for row in of_kind(split, COMMON))
    expected = f"{frame['events_treatment'].sum():,.0f}/{frame['n_treatment'].sum():,.0f}"
    assert total.cells[0] == expected
    assert "," in total.cells[0]


def test_both_estimates_are_rows_and_the_leading_one_comes_first(split, plain):
    assert [row.kind for row in of_kind(split, COMMON, RANDOM)] == [COMMON, RANDOM]
    assert [row.kind for row in of_kind(plain, COMMON, RANDOM)] == [RANDOM, COMMON]


def test_an_unknown_number_of_participants_is_a_dash_and_no_total(plain):
    cells = {row.label: row.cells for row in of_kind(plain, STUDY)}
    assert cells["Epsilon 2015"] == ("–",)
    assert of_kind(plain, RANDOM)[0].cells == ("",)


def test_a_group_without_a_fit_says_so(plain):
    keep = np.array([True, True, True, False, False])
    groups = (
        group(plain.effects, "Three", keep, pool),
        group(plain.effects, "Two", ~keep, lambda part: None),
    )
    divided = replace(plain, subgroups=(Subgroups("g", "Group", groups, "REML", None),))
    kinds = [row.kind for row in forest_layout(divided).rows]
    assert kinds == [HEADING, *[STUDY] * 3, SUBTOTAL, HEADING, *[STUDY] * 2, NOTE, HEADING, RANDOM, COMMON]
    assert any(text.startswith("Two: too few") for text in statements(divided))


def test_prediction_bar_needs_five_studies(plain):
    assert of_kind(plain, RANDOM)[0].pi_lower is not None
    four = fewer(plain, 4)
    assert four.fit.pi_lower is not None
    assert of_kind(four, RANDOM)[0].pi_lower is None
    assert "prediction" not in " ".join(statements(four))


def test_one_study_has_one_row_and_no_heterogeneity(single):
    assert [row.kind for row in forest_layout(single).rows] == [STUDY]
    assert "Heterogeneity" not in " ".join(statements(single))
    assert not forest_layout(single).has_weights


def test_not_pooled_studies_are_shown_without_diamonds(plain):
    shown = analysed(plain.effects, plain.question, fit=False)
    assert {row.kind for row in forest_layout(shown).rows} == {STUDY}
    assert statements(shown) == ("Not pooled: made-up reason",)


# Axis


def test_a_wide_interval_is_clipped_with_an_arrow(split):
    scene = scene_of(split, narrow=False)
    bars, arrows, squares = interval_records(scene)
    assert {arrow["shape"] for arrow in arrows} == {"triangle-left"}
    limits = {bar["x"] for bar in bars} | {bar["x2"] for bar in bars}
    assert min(limits) >= scene.axis.lower
    assert max(limits) <= scene.axis.upper
    assert len(squares) == split.effects.k


def test_an_interval_inside_the_axis_has_no_arrow():
    axis = Axis(0.1, 10, 1, True)
    assert not axis.clip(0.2, 5).beyond_left
    assert not axis.clip(0.2, 5).beyond_right
    part = axis.clip(0.01, 50)
    assert (part.lower, part.upper, part.beyond_left, part.beyond_right) == (0.1, 10, True, True)


def test_the_axis_shows_every_estimate_and_diamond_and_leaves_room_beside_the_null(split, plain):
    for analysis in (split, plain):
        axis = scene_of(analysis, False).axis
        rows = of_kind(analysis, STUDY, *TOTALS)
        assert all(axis.lower <= row.estimate <= axis.upper for row in rows)
        assert all(axis.lower <= row.lower for row in rows if row.kind in TOTALS)
        assert 0.25 < axis.share(axis.null) < 0.75


def test_ticks_are_round_and_apart():
    assert ticks(0.04, 9, True, 300) == (0.05, 0.1, 0.2, 0.5, 1, 2, 5)
    assert ticks(-0.7, 0.3, False, 300) == (-0.6, -0.4, -0.2, 0, 0.2)
    assert len(ticks(1e-6, 1e6, True, 300)) >= 3


def test_correlations_stay_between_minus_one_and_one():
    axis = effect_axis([-0.9], [-0.99], [-0.5], [], null=0, log=False, width=300, bounds=(-1, 1))
    assert axis.lower >= -1
    assert axis.upper <= 1


def test_correlations_are_shown_as_r(correlations):
    first = of_kind(correlations, STUDY)[0]
    assert -1 < first.lower < first.estimate < first.upper < 1
    spec = json.dumps(chart_spec("forest", correlations))
    assert '"type": "log"' not in spec


# Marks


def test_a_diamond_has_its_corners_at_limits_and_estimate(plain):
    row = of_kind(plain, RANDOM)[0]
    corners = diamond(row, 100, Axis(0.1, 10, 1, True), 7)
    assert [(c["x"], c["y"]) for c in corners] == [
        (row.lower, 100),
        (row.estimate, 93),
        (row.upper, 100),
        (row.estimate, 107),
    ]
    assert row.estimate == pytest.approx(math.exp(plain.fit.estimate))


def test_area_of_squares_is_proportional_to_weight():
    assert square_area(40, 40) == LARGEST_SQUARE
    assert square_area(20, 40) == LARGEST_SQUARE / 2
    assert square_area(0.01, 40) == SMALLEST_SQUARE


def test_marks_tell_study_data_effect_weight_and_source(split):
    titles = [field["title"] for field in (f.to_dict() for f in tooltip_fields(forest_layout(split)))]
    expected = [
        "Study",
        "Treatment, events/n",
        "Control, events/n",
        f"OR ({formats.percent(95)} CI)",
        "Weight",
        "Source",
    ]
    assert titles == expected
    assert interval_records(scene_of(split, False))[0][0]["source"] == "not recorded"


# Text


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", ["split", "plain", "correlations", "single"])
def test_no_text_overlaps_another_or_leaves_the_page(name, narrow, request):
    scene = scene_of(request.getfixturevalue(name), narrow)
    boxes = [(box(text), text.text) for text in forest_texts(scene)]
    for (left, right, top, bottom), said in boxes:
        assert left >= -1, said
        assert right <= scene.page.width + 1, said
        assert 0 <= top < bottom <= scene.height, said
    for i, (a, first) in enumerate(boxes):
        for b, second in boxes[i + 1 :]:
            apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
            assert apart, f"{first!r} over {second!r}"


def box(text) -> tuple[float, float, float, float]:
    wide = text_width(text.text, text.size, text.bold) / 1.05
    left = {"left": text.x, "right": text.x - wide, "center": text.x - wide / 2}[text.align]
    half = text.size * 0.38  # digits and capitals; descenders may touch the next line's gap
    return left, left + wide, text.y - half, text.y + half


def test_a_narrow_plot_has_no_columns_of_raw_data(split):
    said = [text.text for text in forest_texts(scene_of(split, narrow=True))]
    assert not any("events/n" in text or "/" in text for text in said)
    assert any("of participants" in text for text in said)
    assert scene_of(split, True).page.width < 360


def test_directions_stand_on_their_sides_of_the_null_line(plain):
    scene = scene_of(plain, False)
    texts = forest_texts(scene)
    below = next(text for text in texts if text.text.startswith("←"))
    above = next(text for text in texts if text.text.endswith("→"))
    assert below.align == "right"
    assert below.x < scene.null < above.x


def test_footer_names_heterogeneity_both_tests_and_the_groups(split):
    said = " ".join(statements(split)).replace("\u00a0", " ")
    for part in ("τ² = ", "Q = ", "df = 11", "I² = ", "prediction interval", "Mantel–Haenszel: z = "):
        assert part in said
    assert "Difference between subgroups: F = " in said


def test_text_is_wrapped_and_shortened_to_the_room_it_has():
    lines = wrap("lower risk at low magnesium", 12, 80)
    assert " ".join(lines) == "lower risk at low magnesium"
    assert all(text_width(line, 12) <= 80 for line in lines)
    assert text_width(shortened("a very long name of a study", 13, 60), 13) <= 60


# Funnel


def test_no_funnel_below_ten_studies(plain, split):
    assert "Fewer than 10 studies (k = 5)" in CHARTS["funnel"].absence(plain)
    html = chart_html("funnel", plain)
    assert "lm-absent" in html
    assert "<svg" not in html
    assert CHARTS["funnel"].absence(split) == ""


def test_why_a_chart_is_absent_may_come_from_the_analysis(plain):
    assert "told why" in chart_html("forest", replace(plain, absent={"forest": "told why"}))


def test_contours_are_centred_on_no_effect(split):
    axis = funnel_axis(split, 600)
    records = contour_records(split, axis, 0.5)
    lowest = [r for r in records if r["se"] == 0.5 and r["side"] == "0.05 ≤ p < 0.10 1"]
    assert lowest[0]["x"] == pytest.approx(min(axis.upper, math.exp(1.644854 * 0.5)))
    assert lowest[0]["x2"] == pytest.approx(min(axis.upper, math.exp(1.959964 * 0.5)))
    tops = [r["x"] for r in records if r["se"] == 0 and not r["side"].startswith("p < 0.01")]
    assert set(tops) == {1.0}


@pytest.mark.parametrize("name", ["split", "correlations"])
def test_edges_of_the_bands_are_where_their_p_values_are(name, request):
    analysis = request.getfixturevalue(name)
    measure, axis = analysis.effects.measure, funnel_axis(analysis, 600)
    place = math.log if axis.log else float
    records = contour_records(analysis, axis, 0.9)
    for band, _, p_outer, _ in BANDS[:-1]:
        drawn = [r for r in records if r["side"] == f"{band} 1"]
        assert [r["se"] for r in drawn] == sorted({r["se"] for r in drawn})
        z = norm.isf(p_outer / 2)
        for se in np.linspace(0, 0.9, 91):
            exact = place(min(axis.upper, float(measure.to_display(z * se))))
            shown = np.interp(se, [r["se"] for r in drawn], [place(r["x2"]) for r in drawn])
            assert shown == pytest.approx(exact, abs=1e-9 if axis.log else 1e-3)


def test_straight_edges_need_few_points(split):
    assert len(contour_records(split, funnel_axis(split, 600), 0.9)) <= 4 * 2 * len(BANDS)


def test_funnel_has_every_study_and_both_pooled_lines(split):
    points = point_records(split)
    assert [point["se"] for point in points] == pytest.approx(split.effects.frame["sei"].tolist())
    lines = line_records(split, 1.0)
    assert [line["x"] for line in lines] == pytest.approx(
        [math.exp(split.fit.estimate), math.exp(split.common.estimate)]
    )


# Specifications


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", ["split", "plain", "correlations", "single"])
def test_every_specification_keeps_to_the_schema(name, narrow, request):
    analysis = request.getfixturevalue(name)
    for chart in (chart for chart, kind in CHARTS.items() if not kind.absence(analysis)):
        spec = CHARTS[chart].function(analysis, narrow=narrow).to_dict(validate=True)
        assert spec == chart_spec(chart, analysis, narrow)
        assert json.loads(json.dumps(spec, allow_nan=False)) == spec


def test_the_schema_finds_what_is_wrong_in_a_layer():
    with debug_mode(False):
        wrong = layer([{"x": 1}], "rule", style={"strokeWidth": "wide"}, x=pixels(alt.X, "x", 10))
        chart = layered([wrong], (10, 10), 0, "wrong")
    with pytest.raises(SchemaValidationError):
        chart.to_dict(validate=True)


def test_records_become_what_json_can_hold():
    records = [{"x": np.float64(1.5), "n": np.int64(2), "none": math.nan, "far": math.inf, "text": "a"}]
    spec = layered([layer(records, "rule", x=pixels(alt.X, "x", 10))], (10, 10), 0, "one").to_dict()
    expected = {"x": 1.5, "n": 2, "none": None, "far": None, "text": "a"}
    assert list(spec["datasets"].values()) == [[expected]]


# Text of still pictures


SAID = [
    Text(10, 20, "left & small", size=12),
    Text(90.25, 40, "right, <bold>", "right", bold=True, color="var(--lm-accent, #0b6e69)"),
    Text(50, 60.5, "centre  11", "center", 11),
]


def written(layers, padding=0) -> dict:
    return layered([*layers, *text_layers(SAID, 100, 80)], (100, 80), padding, "texts").to_dict()


def dots() -> list:
    at = {"x": pixels(alt.X, "x", 100), "y": pixels(alt.Y, "y", 80)}
    return [layer([{"x": 5, "y": 5}], "point", **at)]


def texts_of(svg: str) -> dict[str, tuple]:
    """Return every text with x, y, anchor, size, weight and colour as the reader of a picture has them."""
    return {said: rest for said, *rest in _texts(ET.fromstring(svg), 0, 0, {})}


def _texts(element, x: float, y: float, given: dict[str, str]) -> Iterator[tuple]:
    moved = re.match(r"translate\(([^,]+),([^)]+)\)", element.get("transform", ""))
    x, y = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
    given = {**given, **element.attrib}
    if element.tag.endswith("}text"):
        style = (
            given.get(name) for name in ("text-anchor", "font-size", "font-weight", "fill", "font-family")
        )
        yield element.text, x + float(element.get("x", 0)), y + float(element.get("y", 0)), *style
    for child in element:
        yield from _texts(child, x, y, given)


@pytest.mark.parametrize("padding", [0, {"left": 7, "top": 13, "right": 0, "bottom": 0}])
def test_placed_text_stands_where_the_engine_would_write_it(padding):
    spec = written(dots(), padding)
    ours, engines = texts_of(render_svg(spec)), texts_of(drawing.draw(spec))
    assert ours.keys() == engines.keys() == {text.text for text in SAID}
    for said, (x, y, *style) in engines.items():
        assert ours[said][:2] == pytest.approx((x, y), abs=0.5)
        assert ours[said][2:] == style


def test_every_text_of_a_chart_is_written_by_us_and_only_numbers_of_the_axis_by_the_engine(split):
    spec = chart_spec("forest", split)
    rest, layers = for_a_still(spec)
    assert {one["mark"]["type"] for one in layers} == {"text"}
    assert "text" not in {one["mark"]["type"] for one in rest["layer"]}
    said = {row["text"] for one in layers for row in spec["datasets"][one["data"]["name"]]}
    assert said == {text.text for text in forest_texts(scene_of(split, False))}
    assert said <= texts_of(render_svg(spec)).keys()
    assert rest["datasets"].keys() == {one["data"]["name"] for one in rest["layer"]}


def test_text_on_a_scale_or_below_other_marks_is_left_to_the_engine():
    below = layered([*text_layers(SAID, 100, 80), *dots()], (100, 80), 0, "below").to_dict()
    assert for_a_still(below) == (below, [])
    scaled = written(dots())
    for one in scaled["layer"][1:]:
        one["encoding"]["x"]["scale"]["domain"] = [0, 50]
    assert for_a_still(scaled) == (scaled, [])
    assert text_elements([], scaled) == ""
    only = written([])
    assert for_a_still(only) == (only, [])


# Pictures


@pytest.mark.parametrize("chart", ["forest", "funnel"])
def test_the_same_analysis_gives_the_same_bytes(chart, split, tmp_path):
    first = chart_html(chart, split, cache_dir=tmp_path / "a")
    assert first == chart_html(chart, split, cache_dir=tmp_path / "b")
    assert first == chart_html(chart, split, cache_dir=tmp_path / "a")
    assert not list(tmp_path.rglob("*.part"))
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_a_kept_picture_is_not_drawn_again(split, tmp_path):
    spec = chart_spec("forest", split)
    (tmp_path / f"{cache_key(spec)}.svg").write_text("kept", encoding="utf-8")
    assert render_svg(spec, tmp_path) == "kept"


@pytest.mark.parametrize("narrow", [False, True])
def test_the_picture_needs_nothing_from_elsewhere(split, narrow):
    svg = render_svg(chart_spec("forest", split, narrow))
    for row in of_kind(split, STUDY):
        assert row.label in svg
    assert set(re.findall(r"https?://[^\"' )]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert 'role="img"' in svg
    assert "<title>Forest plot of twelve studies" in svg
    assert "var(--lm-accent, #0b6e69)" in svg
    assert "currentColor" in svg


def test_ids_of_two_pictures_differ(split):
    ids = []
    for narrow in (False, True):
        svg = render_svg(chart_spec("funnel", split, narrow))
        own = set(re.findall(r'\bid="([^"]+)"', svg))
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= own
        ids.append(own)
    assert not ids[0] & ids[1]


def test_a_picture_by_itself_has_plain_colours(split):
    svg = standalone_svg(render_svg(chart_spec("forest", split)))
    assert "var(" not in svg
    assert "currentColor" not in svg


def test_a_figure_carries_both_variants_and_escapes_its_specification(plain):
    wide, narrow = (chart_spec("forest", plain, flag) for flag in (False, True))
    narrow["description"] = "</script>"
    html = figure_html("forest", "Read & see", wide, narrow, [("SVG", "x.svg")])
    assert html.count("</script>") == 2
    assert 'id="forest"' in html
    assert '<a href="x.svg">SVG</a>' in html
    assert "Read &amp; see" in html
    for chart in re.findall(r'data-chart="([^"]+)"', html):
        assert f'data-for="{chart}"' in html
    spec = re.search(r'class="lm-spec"[^>]*>(.*?)</script>', html, re.S)
    assert json.loads(spec.group(1)) == wide


def test_a_miniature_interval_marks_what_goes_beyond_its_scale():
    inside = mini_interval(0.6, 0.4, 0.8, 1, (0.2, 5), True)
    beyond = mini_interval(12, 0.7, 221, 1, (0.2, 5), True)
    assert inside.count("<rect") == 1
    assert 'fill="var' in inside
    assert beyond.count("<rect") == 0
    assert beyond.count('Z"') == 1


def test_the_script_of_live_charts_is_made_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(drawing, "bundle", lambda snippet: made.append(snippet) or "code")
    first = vega_bundle_js(tmp_path)
    assert first == vega_bundle_js(tmp_path) == "(function () {\ncode\n})();\n"
    assert len(made) == 1


# What an estimate is called


def test_an_association_is_not_called_an_effect(plain, split, correlations):
    said = " ".join((*statements(plain), forest_caption(plain), funnel_caption(plain)))
    assert "Overall effect" not in said
    assert "the effect in" not in said
    assert "no effect" not in said
    assert "Pooled estimate, random effects" in said
    assert "the association in a new study" in said
    assert "no correlation" in funnel_caption(correlations)
    assert "Overall effect" in " ".join(statements(split))


def test_rows_that_are_all_observational_make_an_association(single):
    effects = replace(single.effects, frame=single.effects.frame.assign(allocation="observational"))
    assert called(single) == "effect"
    assert called(replace(single, effects=effects)) == "association"


def test_a_zero_cell_lets_the_risk_difference_lead(single):
    with_zero = replace(single, one_table=one_table(6, 75, 0, 71))
    first = statements(with_zero)[0]
    assert first.startswith("Risk difference, which leads: 8.0 more per 100")
    assert "Newcombe" in first
    assert "Risk difference: 8.0 more per 100" in description(with_zero)
    assert "0.5 was added to each" in forest_caption(with_zero)
    assert "0.5" not in forest_caption(single)


def test_recomputed_intervals_are_named_where_ratios_come_from_print(plain, split):
    assert "symmetric on the log scale" in forest_caption(plain)
    assert "symmetric" not in forest_caption(split)
