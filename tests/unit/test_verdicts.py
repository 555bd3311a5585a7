"""Does the sentence on top obey its rules, on made-up data in both directions?"""

import math
import re

import pytest

from livingmeta.analysis import analyse
from livingmeta.paths import ROOT
from livingmeta.questions import KnownStudies, load_questions
from livingmeta.studies import load_studies
from livingmeta.verdicts import by_size, excludes_null, models_disagree, sizes_disagree, verdict
from made_up import BY_SIZE, analysed, correlations, ratios, studies, tables, trials_by_size

BENEFIT = re.compile(
    r"\b(lowers|reduc\w+|prevents?|protects?|saves?|decreases?|improves?|benefi\w+|works)\b", re.IGNORECASE
)
FAVOURS = re.compile(r"favou?r", re.IGNORECASE)
SIZE = {"subgroups": (BY_SIZE,), "test": "z"}


def everything(said) -> str:
    return " ".join(text for text in (said.headline, said.sentence, said.note, said.answer) if text)


def number_of(fit) -> str:
    return f"{math.exp(fit.estimate):.2f}"


def split(large: float, small: float):
    analysis = analysed(trials_by_size(large, small), **SIZE)
    return analysis, verdict(analysis)


# Small trials against large ones ------------------------------------------------------------------------


@pytest.fixture(params=[0.4, 2.2], ids=["small trials beneficial", "small trials harmful"])
def conflict(request):
    analysis, said = split(1.0, request.param)
    assert models_disagree(analysis.fit, analysis.common)
    assert sizes_disagree(by_size(analysis))
    return analysis, said, "lower" if request.param < 1 else "higher"


def test_conflict_is_named_as_such(conflict):
    _, said, _ = conflict
    assert said.status == "conflict"
    assert said.headline == "Large trials show no difference; small trials disagree."


def test_conflict_gives_the_large_trials_first(conflict):
    _, said, direction = conflict
    assert said.sentence.startswith(
        "In the three trials with 1,000 patients or more, taken together, no difference"
    )
    assert said.sentence.index("no difference") < said.sentence.index(f"suggest {direction} odds of death")
    assert said.sentence.endswith("which the large ones did not confirm.")


def test_conflict_leads_with_the_number_of_the_large_trials(conflict):
    analysis, said, _ = conflict
    large = by_size(analysis).groups[0]
    assert said.fit is large.fit
    assert f"OR {number_of(large.fit)}," in said.sentence


def test_conflict_does_not_read_the_random_effects_mean_as_the_effect(conflict):
    analysis, said, _ = conflict
    mean = number_of(analysis.fit)
    assert mean != number_of(said.fit)
    assert mean not in said.headline + said.sentence + said.answer
    assert f"(OR {mean})" in said.note
    assert "is not an estimate of what the treatment does" in said.note


def test_conflict_says_what_weight_the_small_trials_have(conflict):
    analysis, said, _ = conflict
    small = by_size(analysis).groups[-1]
    people = round(100 * small.participants / analysis.participants)
    weight = round(analysis.fit.weights[list(small.rows)].sum())
    assert re.search(rf"\b{people} ?% of the participants {weight} ?% of the weight", said.note)


def test_conflict_never_says_that_the_treatment_does_something(conflict):
    _, said, _ = conflict
    assert not BENEFIT.search(everything(said))
    assert not FAVOURS.search(everything(said))
    assert not re.search(r"\b(were|was) (lower|higher)\b", everything(said))


@pytest.mark.parametrize("small", [0.4, 2.2])
def test_null_large_trials_lead_even_where_small_ones_pull_the_common_effect_off_null(small):
    analysis = analysed(trials_by_size(1.0, small, n=11_000), **SIZE)
    said = verdict(analysis)
    assert excludes_null(analysis.common) == excludes_null(analysis.fit) != 0
    assert excludes_null(by_size(analysis).groups[0].fit) == 0
    assert sizes_disagree(by_size(analysis))
    assert said.status == "conflict"
    assert said.fit is by_size(analysis).groups[0].fit
    assert number_of(analysis.fit) not in said.headline + said.sentence + said.answer


@pytest.mark.parametrize(("large", "word"), [(0.7, "lower"), (1.4, "higher")])
def test_a_clear_effect_in_large_trials_stands_beside_null_small_ones(large, word):
    analysis, said = split(large, 1.0)
    groups = by_size(analysis).groups
    assert (excludes_null(groups[0].fit) != 0) and excludes_null(groups[1].fit) == 0
    assert not models_disagree(analysis.fit, analysis.common)
    assert said.status == "pooled"
    assert f"the odds of death were {word} with magnesium" in said.sentence
    assert "Small and large trials differ, which the mean hides." in said.sentence


@pytest.mark.parametrize(("large", "small", "word"), [(0.85, 1.9, "lower"), (1.2, 0.45, "higher")])
def test_large_and_small_trials_in_opposite_directions(large, small, word):
    analysis, said = split(large, small)
    assert excludes_null(by_size(analysis).groups[0].fit) == -excludes_null(by_size(analysis).groups[1].fit)
    assert models_disagree(analysis.fit, analysis.common)
    other = {"lower": "higher", "higher": "lower"}[word]
    assert f"were {word} with magnesium" in said.sentence
    assert f"suggest {other} odds of death with magnesium, which the large ones did not" in said.sentence
    assert said.fit is by_size(analysis).groups[0].fit


# Results that agree -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("odds_ratio", "word"), [(0.6, "lower"), (1.7, "higher")])
def test_consistent_trials_say_the_direction(odds_ratio, word):
    analysis, said = split(odds_ratio, odds_ratio)
    assert said.status == "pooled"
    assert said.fit is analysis.fit
    assert f"the odds of death were {word} with magnesium (OR {number_of(analysis.fit)}" in said.sentence
    assert said.headline == f"{word.capitalize()} with treatment."
    assert "differ" not in said.sentence


@pytest.mark.parametrize(("measure", "claim"), [("OR", "odds of death were"), ("RR", "risk of death was")])
def test_the_word_for_chance_is_that_of_the_measure(measure, claim):
    said = verdict(analysed(trials_by_size(0.6, 0.6), measure=measure))
    assert f"the {claim} lower with magnesium" in said.sentence


def test_consistent_null_is_no_difference_shown():
    analysis, said = split(1.0, 1.0)
    assert said.status == "pooled"
    assert said.headline == "No difference shown."
    assert "no difference in the odds of death between magnesium and placebo was shown" in said.sentence
    assert analysis.fit.ci_lower < 0 < analysis.fit.ci_upper


def test_a_difference_by_size_in_one_direction_is_not_hidden():
    _, said = split(0.8, 0.3)
    assert said.status == "pooled"
    assert "were lower with magnesium" in said.sentence
    assert "Small and large trials differ, which the mean hides." in said.sentence


def test_prediction_interval_is_said_from_five_studies_on():
    five, four = (trials_by_size(0.6, 0.6)[3 : 3 + k] for k in (5, 4))
    assert "in a new study" in verdict(analysed(five)).note
    assert verdict(analysed(four)).note == ""


# Models that disagree without a split by size -----------------------------------------------------------

UNEVEN = tables((300, 1000, 300, 1000), (5, 50, 20, 50), (4, 50, 18, 50), (6, 50, 19, 50), (5, 50, 17, 50))
FLIPPED = [
    {**row, "events_treatment": row["events_control"], "events_control": row["events_treatment"]}
    for row in UNEVEN
]


@pytest.mark.parametrize(
    ("large", "small", "test"), [(UNEVEN, "lower", "z"), (FLIPPED, "higher", "z")], ids=["lower", "higher"]
)
def test_models_that_disagree_without_a_split(large, small, test):
    more = tables((6000, 20000, 6000, 20000))
    analysis = analysed([*large, *more], test=test)
    said = verdict(analysis)
    assert analysis.subgroups == ()
    assert models_disagree(analysis.fit, analysis.common)
    assert said.status == "conflict"
    assert said.headline == "The answer depends on the model."
    assert said.sentence.startswith("Under a common effect no difference")
    assert f"under random effects the odds of death were {small} with magnesium" in said.sentence
    assert "Neither mean is read as the effect" in said.note
    assert not BENEFIT.search(everything(said))


def test_split_without_a_difference_by_size_is_no_size_conflict():
    large = tables((60_000, 200_000, 60_000, 200_000), (200, 1000, 300, 1000), (200, 1000, 300, 1000))
    small = tables((15, 50, 15, 50), (5, 50, 20, 50), (6, 50, 20, 50), (7, 50, 20, 50))
    analysis = analysed([*large, *small], **SIZE)
    said = verdict(analysis)
    assert models_disagree(analysis.fit, analysis.common)
    assert not sizes_disagree(by_size(analysis))
    assert (said.status, said.headline) == ("conflict", "The answer depends on the model.")


# Nothing pooled -----------------------------------------------------------------------------------------


def test_two_studies_are_not_pooled():
    analysis = analysed(tables((10, 100, 20, 100), (11, 100, 21, 100)))
    said = verdict(analysis)
    assert analysis.fit is None
    assert (said.status, said.fit) == ("shown", None)
    assert said.headline == "Shown, not pooled."
    assert said.sentence.startswith("Two studies are shown below; no mean is given. Two studies are shown")
    assert said.sentence.endswith(f"{said.answer}")
    assert said.answer == "Two usable results, OR from 0.44 to 0.46."


@pytest.mark.parametrize("reason", ["units differ", "units differ."])
def test_a_reason_is_given_where_nothing_is_pooled(reason):
    rows = tables(*[(10, 100, 20, 100)] * 6)
    said = verdict(analysed(rows, pooled=False, reason=reason, verdict="not_pooled"))
    assert said.sentence == (
        "Six studies are shown below; no mean is given. Units differ. Six usable results: OR 0.44."
    )
    assert said.fit is None


def test_no_usable_row_is_said():
    said = verdict(analysed([{"estimate": 1.2, "measure_reported": "OR"}]))
    assert said.status == "shown"
    assert "No row has a usable effect size." in said.sentence
    assert said.sentence.startswith("One study is shown below")


def test_one_usable_result_has_its_interval_and_what_higher_means():
    said = verdict(
        analysed(ratios((1.5, 1.2, 1.875)), pooled=False, reason="x", accept_measures=("OR", "HR"))
    )
    assert said.answer == "One usable result: OR 1.50, 95% CI 1.20 to 1.88 (above 1: more with magnesium)."


def silent(**changes):
    return {"result_status": "null_no_number", "direction_reported": "none", "pool_role": "display"} | changes


def test_results_without_a_usable_number_are_not_hidden_by_a_span():
    rows = [*tables((10, 100, 20, 100), (11, 100, 21, 100)), silent(), silent(direction_reported="inverse")]
    rows += [silent(result_status="absent"), silent(outcome_id="another"), silent(study_id="study0")]
    said = verdict(analysed(rows, filter={"pool_role": "primary"}))
    more = "two more studies without a usable number, one of them null"
    assert said.answer == f"Two usable results, OR from 0.44 to 0.46; {more}."


def test_a_number_that_lacks_its_size_is_counted_as_unusable():
    lost = {"r": 0.04, "measure_reported": "r_spearman", "direction_reported": "none"}
    said = verdict(analysed([*correlations(-0.3, -0.6), lost], **CORRELATION))
    assert (
        said.answer
        == "Two usable results, r from −0.60 to −0.30; one more study without a usable number, null."
    )


# How many studies are known -----------------------------------------------------------------------------


def test_a_mean_says_of_how_many_known_trials():
    rows, known = trials_by_size(0.6, 0.6), KnownStudies(40, "A review")
    assert (
        "In fifteen of at least 40 trials, the odds" in verdict(analysed(rows, known_studies=known)).sentence
    )
    assert (
        "In fifteen trials," in verdict(analysed(rows, known_studies=KnownStudies(15, "A review"))).sentence
    )


def test_one_trial_says_of_how_many():
    said = verdict(analysed(tables((30, 75, 10, 75)), **SINGLE, known_studies=KnownStudies(6, "A review")))
    assert said.headline == "More events with magnesium in one trial of at least six."
    assert said.sentence.startswith(
        "One trial of at least six, the others not curated, counted events: 30 of 75"
    )


WIDE = tables((10, 100, 11, 100), (8, 100, 9, 100), (12, 100, 10, 100))


def test_a_wide_interval_around_no_effect_is_not_read_as_no_difference():
    said = verdict(analysed(WIDE))
    assert said.headline == "Too imprecise to tell."
    assert "no difference" not in everything(said)
    assert "the odds of death may be lower or higher with magnesium than with placebo" in said.sentence


def test_a_narrow_interval_from_few_of_the_known_trials_tells_nothing_either():
    rows = trials_by_size(1.0, 1.0)
    known = [verdict(analysed(rows, known_studies=KnownStudies(n, "A review"))).headline for n in (30, 31)]
    assert known == ["No difference shown.", "Too few of the known trials to tell."]


# Associations and correlations --------------------------------------------------------------------------

HARM = [(1.5, 1.2, 1.875), (1.4, 1.1, 1.782), (1.6, 1.25, 2.048), (1.5, 1.2, 1.875)]
NULL = [(1.1, 0.8, 1.5125), (0.95, 0.7, 1.289), (1.0, 0.8, 1.25), (1.02, 0.8, 1.3005)]
LESS = [(1 / e, 1 / high, 1 / low) for e, low, high in HARM]
ASSOCIATION = {
    "measure": "HR",
    "accept_measures": ("HR",),
    "verdict": "association",
    "arms": {},
    "intervention": "The lowest category of serum magnesium",
    "direction": {"below": "lower risk at low magnesium", "above": "higher risk at low magnesium"},
}


def association(values):
    return verdict(analysed(ratios(*values), **ASSOCIATION))


@pytest.mark.parametrize(
    ("values", "headline", "words"),
    [
        (HARM, "Higher risk at low magnesium.", "was associated with a higher risk of death"),
        (LESS, "Lower risk at low magnesium.", "was associated with a lower risk of death"),
        (NULL, "No clear association with low magnesium.", "was not clearly associated with the risk"),
    ],
    ids=["higher", "lower", "null"],
)
def test_association_names_its_direction(values, headline, words):
    said = association(values)
    assert said.headline == headline
    assert said.answer == headline
    assert f"the lowest category of serum magnesium {words}" in said.sentence
    assert "In four cohorts with 2,000 patients" in said.sentence
    assert said.sentence.endswith("This is an association, not an effect of treatment.")


def test_association_says_where_it_was_lost_after_albumin():
    rows = ratios(*HARM)
    for row, lost in zip(rows, ("yes", "no", "yes", "unclear"), strict=True):
        row["null_after_albumin"] = lost
    said = verdict(analysed(rows, **ASSOCIATION))
    assert (
        said.headline
        == said.answer
        == "Higher risk at low magnesium; lost after albumin or laboratory values in two of four cohorts."
    )


@pytest.mark.parametrize("values", [HARM, LESS, NULL], ids=["higher", "lower", "null"])
def test_association_never_favours_and_claims_no_effect(values):
    text = everything(association([*values, values[0]]))
    assert not FAVOURS.search(text)
    assert not BENEFIT.search(text)
    assert "effect" not in text.replace("not an effect of treatment", "").lower()


CORRELATION = {"measure": "ZCOR", "verdict": "correlation", "arms": {}, "outcome_noun": "hormone levels"}


@pytest.mark.parametrize(
    ("values", "headline", "verb"),
    [
        ((-0.4, -0.35, -0.5), "Inverse correlation.", "were inversely correlated"),
        ((0.4, 0.35, 0.5), "Positive correlation.", "were positively correlated"),
        ((0.3, -0.3, 0.0), "No clear correlation.", "were not clearly correlated"),
    ],
    ids=["inverse", "positive", "none"],
)
def test_correlation_has_a_sign_and_favours_nothing(values, headline, verb):
    said = verdict(analysed(correlations(*values), **CORRELATION))
    assert said.headline == headline
    assert verb in said.sentence
    assert "A correlation says nothing of cause." in said.sentence
    assert not FAVOURS.search(everything(said))
    assert "-" not in re.sub(r"[a-z]-[a-z]", "", said.sentence)


@pytest.mark.parametrize("values", [(-0.4, -0.35, -0.5, -0.4, -0.45), (0.3, -0.3, 0.0, 0.1, -0.1)])
def test_correlation_claims_no_effect(values):
    said = verdict(analysed(correlations(*values), **CORRELATION))
    assert "effect" not in everything(said).lower()


# One study ----------------------------------------------------------------------------------------------

SINGLE = {"measure": "RR", "verdict": "single_trial", "outcome_noun": "events", "outcome_event": "an event"}


def test_one_trial_without_a_zero_cell():
    said = verdict(analysed(tables((30, 75, 10, 75)), **SINGLE))
    assert said.status == "one"
    assert said.headline == "More events with magnesium in one trial."
    assert "30 of 75 with magnesium, 10 of 75 with" in said.sentence
    assert "267 more per 1,000" in said.sentence
    assert "RR 3.00" in said.sentence
    assert said.note == "One trial is shown by itself; nothing was pooled."


def test_one_trial_with_fewer_events():
    said = verdict(analysed(tables((10, 75, 30, 75)), **SINGLE))
    assert said.headline == "Fewer events with magnesium in one trial."
    assert re.search(r"267 fewer per 1,000 \(95% CI 4\d\d fewer to 1\d\d fewer, Wald\)", said.sentence)


@pytest.mark.parametrize("cells", [(6, 75, 0, 73), (0, 73, 6, 75)], ids=["control", "treatment"])
def test_one_trial_with_a_zero_cell_leads_with_difference_and_exact_p(cells):
    analysis = analysed(tables(cells), **SINGLE)
    said = verdict(analysis)
    assert analysis.one_table.difference_method == "Newcombe"
    assert "exact p = 0.028" in said.sentence
    assert said.sentence.index("per 1,000") < said.sentence.index("RR")
    assert "needs a correction and is unstable" in said.note
    assert said.headline.startswith("More" if cells[0] else "Fewer")


def test_one_trial_too_small_to_tell():
    said = verdict(analysed(tables((5, 75, 2, 73)), **SINGLE))
    assert said.headline == "One trial, too small to tell."
    assert "39 more per 1,000 (95% CI 28 fewer to 107 more, Wald)" in said.sentence


def test_one_study_with_a_printed_ratio():
    said = verdict(analysed(ratios((1.5, 1.2, 1.875)), **ASSOCIATION))
    assert said.status == "one"
    assert said.sentence == "One study reports HR 1.50, 95% CI 1.20 to 1.88. Nothing was pooled."


# The questions of this book -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book():
    tables_ = load_studies(ROOT / "data")
    return {q.id: analyse(q, tables_) for q in load_questions(ROOT / "data/questions")}


def test_myocardial_infarction_does_not_say_that_magnesium_lowers_mortality(book):
    analysis = book["iv-magnesium-ami-mortality"]
    said = verdict(analysis)
    assert said.status == "conflict"
    assert not BENEFIT.search(everything(said))
    assert not re.search(r"\b(were|was|is|are) lower\b", everything(said))
    assert said.sentence.startswith(
        "In the four trials with 1,000 patients or more, taken together, no difference"
    )
    assert "they differ among themselves (Q test p = 0.0005)" in said.sentence
    assert "OR 1.02, 95% CI 0.96 to 1.07" in said.sentence
    assert "0.58" not in said.headline + said.sentence + said.answer


def test_every_question_has_a_complete_sentence(book):
    for analysis in book.values():
        said = verdict(analysis)
        assert said.headline.endswith(".") and said.sentence.endswith(".")
        assert not re.search(r"\bnan\b|None|not available|-\d|\.\.|  ", everything(said))


def test_observational_questions_never_favour(book):
    for analysis in book.values():
        if analysis.question.verdict in ("association", "correlation"):
            text = everything(verdict(analysis))
            assert not FAVOURS.search(text)
            assert "effect" not in text.replace("not an effect of treatment", "").lower()


def test_rows_made_up_here_do_not_touch_the_book(book):
    assert "made-up" not in book
    assert studies(tables((1, 2, 1, 2))).effects.keys() == {"made-up.csv"}
