"""Which records are one report, which belong together, and is the answer the same in any order?"""

import random
from dataclasses import replace

import pytest

from livingmeta.intake.duplicates import compare, duplicates, links, reports_of_one_trial
from livingmeta.intake.record import ABSTRACT, REGISTRY_ENTRY, Record, Relation

TITLE = "Made-up magnesium and mortality in haemodialysis patients of Utopia: a cohort study"
PAPER = Record(
    TITLE,
    ("Müller H", "Gao Y", "Kim MJ"),
    2015,
    "Am J Kidney Dis",
    "66",
    "6",
    "1047-55",
    "10.1/ajkd.1",
    "12345",
)
BARE = replace(PAPER, doi="", pmid="")


def relations(*records):
    return [match.relation for match in duplicates(records).matches]


def one(**changes):
    return replace(BARE, **changes)


@pytest.mark.parametrize(
    "other",
    [
        one(title=TITLE.upper() + "."),
        one(title=TITLE.replace("haemo", "hemo")),
        one(title=f"[{TITLE}].", language="German"),
        one(title=TITLE.partition(":")[0]),
        one(title="<i>Made-up</i> magnesium &amp; mortality in" + TITLE.partition(" in")[2]),
        one(journal="American Journal of Kidney Diseases : the official journal", pages="1047-1055"),
        one(authors=("Mueller, Hans", "Yan Gao", "Min-Jeong Kim")),
        one(authors=("Muller H",)),
        one(authors=()),
        one(year=2014, volume="", issue="", pages=""),
        Record(TITLE, journal="Am J Kidney Dis 2015;66(6):1047-55"),
        Record(TITLE),
        Record(doi="https://doi.org/10.1/AJKD.1"),
        Record(TITLE.lower(), pmid="PMID: 12345"),
    ],
    ids=range(14),
)
def test_what_another_database_writes_is_the_same_report(other):
    assert relations(PAPER, other) == ["duplicate"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (one(title=TITLE + ". Part I", pages=""), one(title=TITLE + ". Part II", pages="")),
        (one(title="ABCD-3: " + TITLE, pages=""), one(title="ABCD-4: " + TITLE, pages="")),
        (BARE, one(title=TITLE.replace("mortality", "fractures"), pages="", volume="")),
        (BARE, one(title=TITLE.replace("haemodialysis", "peritoneal dialysis"), pages="", volume="")),
        (BARE, one(year=2019, volume="70", pages="1-9")),
        (PAPER, replace(PAPER, doi="10.1/ajkd.2", pmid="", volume="", pages="")),
        (BARE, Record(authors=("Müller H",), year=2015)),
        (Record("Reply", ("A B",), 2015, "Lancet"), Record("Reply", ("C D",), 2015, "Lancet")),
        (PAPER, Record("Phosphate in rats is another matter", ("C D",), 2015, doi=PAPER.doi)),
    ],
    ids=range(9),
)
def test_what_only_looks_alike_is_not_merged(a, b):
    assert not duplicates([a, b]).clusters


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        (one(title=f"Erratum: {TITLE}", pages="1"), "erratum"),
        (one(title=f"Author Correction: {TITLE}", pages="1", authors=()), "erratum"),
        (Record("Erratum", relations=(Relation("erratum_of", pmid="12345"),)), "erratum"),
        (one(title=f"Retraction notice to “{TITLE}” [Am J Kidney Dis 66 (2015)]", pages="9"), "retraction"),
        (one(title=f"Expression of concern: {TITLE}", pages="9"), "concern"),
        (one(title=f"Re: {TITLE}", authors=("Nobody X",), pages="9"), "comment"),
        (one(title=f"{TITLE}: study protocol", journal="Trials", year=2012, volume="1"), "protocol"),
        (one(journal="medRxiv", doi="10.1101/2014.01.01.14000001", volume="", pages=""), "preprint"),
        (one(journal="J Am Soc Nephrol", volume="25", pages="SA-PO12", type=ABSTRACT), "second_report"),
        (Record(TITLE, doi=PAPER.doi, authors=PAPER.authors), "duplicate"),
    ],
    ids=range(10),
)
def test_what_belongs_together_is_linked_and_not_merged(other, relation):
    assert relations(PAPER, other) == [relation]


def test_a_link_says_which_one_is_about_the_other():
    (match,) = links([PAPER, one(title=f"Erratum: {TITLE}", pages="1")])
    assert (match.left, match.right) == (1, 0)
    assert "names the title" in match.because


def test_a_number_in_a_register_makes_reports_of_one_trial():
    a = replace(PAPER, registrations=("NCT01",))
    b = Record("Quite another title of the same trial", ("Gao Y",), 2018, registrations=("NCT01",))
    (match,) = reports_of_one_trial([a, b])
    assert match.because == "same registration number NCT01"
    entry = Record("An entry", type=REGISTRY_ENTRY, registrations=("NCT01",))
    assert relations(entry, replace(entry, title="An entry, renamed")) == ["duplicate"]


def test_an_acronym_with_a_further_report_is_flagged():
    a = Record("Magnesium in a made-up disease: the ABCDEF trial", ("A B",), 2015)
    b = Record("Five-year follow-up of the made-up participants: ABCDEF trial", ("C D",), 2020)
    assert relations(a, b) == ["second_report"]


def test_reasons_are_in_words():
    assert duplicates([PAPER, replace(PAPER, pmid="")]).matches[0].because == "same DOI, same title"


def test_what_contradicts_is_not_joined_by_a_third():
    other = one(title=TITLE.replace("a cohort study", "a trial"), volume="80", pages="5-9", year=2015)
    third = Record(TITLE.partition(":")[0], PAPER.authors, 2015, "Am J Kidney Dis")
    clusters = duplicates([BARE, other, third]).clusters
    assert not any({0, 1} <= set(cluster.members) for cluster in clusters)


def test_known_records_are_never_merged_among_themselves():
    found = compare([Record(TITLE)], [PAPER, BARE])
    assert [cluster.members for cluster in found.clusters] in ([(0, 2)], [(1, 2)])
    assert {(m.left, m.right) for m in found.matches} == {(0, 2), (1, 2)}
    assert found.clusters[0].representative < 2


def test_a_label_of_author_and_year_is_no_journal():
    known = Record(TITLE, journal="Müller 2015")
    assert relations(PAPER, known) == ["duplicate"]
    assert relations(PAPER, replace(known, journal="Müller 2014")) == ["possible_duplicate"]
    assert relations(PAPER, replace(known, journal="Müller 2009")) != ["duplicate"]


def test_the_order_of_the_records_does_not_matter():
    records = [
        PAPER, one(title=TITLE.upper()), Record(TITLE), one(year=2014, volume="", pages=""),
        one(title=f"Erratum: {TITLE}"),
        one(title=TITLE.replace("mortality", "fractures")), PAPER, Record("Reply"), Record("Reply"),
        one(title=TITLE.partition(":")[0], pages="", volume=""),
        one(title=f"{TITLE}: study protocol", year=2012),
    ]  # fmt: skip

    def seen(order):
        found = duplicates([records[place] for place in order])
        clusters = {
            (
                tuple(sorted(repr(records[order[m]]) for m in c.members)),
                repr(records[order[c.representative]]),
            )
            for c in found.clusters
        }
        pairs = sorted(
            (m.relation, m.because, *sorted(repr(records[order[place]]) for place in (m.left, m.right)))
            for m in found.matches
        )
        return clusters, pairs

    places = list(range(len(records)))
    first = seen(places)
    for seed in range(10):
        random.Random(seed).shuffle(places)
        assert seen(places) == first


def test_a_doi_shared_by_a_whole_supplement_joins_nothing():
    records = [
        Record(f"Abstract {i} of chapter {i * 7}", (f"Nobody{i} A",), 2020, doi="10.1/suppl")
        for i in range(80)
    ]
    assert not duplicates(records).clusters
