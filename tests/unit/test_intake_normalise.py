"""Do two ways of writing the same identifier or text come out as one?"""

import pytest

from livingmeta.intake import normalise
from livingmeta.intake.registrations import is_registration, registrations


@pytest.mark.parametrize(
    "value",
    [
        "10.1000/Abc(1)", "doi:10.1000/abc(1)", "DOI 10.1000/ABC(1).", "https://doi.org/10.1000/abc(1)",
        "http://dx.doi.org/10.1000%2Fabc(1)", "(10.1000/abc(1))", "10.1000/abc(1) [doi]", "10.1000/abc(1);",
        "https://www.example.org/doi/full/10.1000/abc(1)/full?x=1", "10.1000/abc(1)     LK  - https://x.org",
        "https://x.org/?id=doi:10.1000%2Fabc(1)&atitle=T", "&lt;10.1000/abc(1)&gt;", "“10.1000/abc(1)”",
    ],
)  # fmt: skip
def test_a_doi_has_one_form(value):
    assert normalise.doi(value) == "10.1000/abc(1)"


@pytest.mark.parametrize("value", ["", "none", "10.1000", "10.1000/", "S0140-6736(15)01234-5", "110/70"])
def test_what_is_no_doi_gives_none(value):
    assert normalise.doi(value) == ""


def test_an_old_doi_with_angle_brackets_stays_whole():
    old = "10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2"
    assert normalise.doi(f"https://doi.org/{old}") == old.lower()


@pytest.mark.parametrize(
    "value",
    [
        "12345678",
        "PMID: 12345678",
        "PMID:12345678 [PubMed]",
        "PUBMED 12345678",
        "012345678",
        "12345678.0",
        "https://pubmed.ncbi.nlm.nih.gov/12345678/",
        "http://www.ncbi.nlm.nih.gov/pubmed/12345678",
        "MEDLINE:12345678",
    ],
)
def test_a_pmid_has_one_form(value):
    assert normalise.pmid(value) == "12345678"


@pytest.mark.parametrize(
    "value", ["", "0", "PMC1234567", "123456789", "rayyan-12345678", "L2029880245", "n/a"]
)
def test_what_is_no_pmid_gives_none(value):
    assert normalise.pmid(value) == ""


def test_a_pmcid_has_one_form():
    assert {normalise.pmcid(v) for v in ("PMC1234567", "pmc 1234567", "x/pmc/articles/PMC1234567/")} == {
        "PMC1234567"
    }
    assert normalise.pmcid("1234567") == ""


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("2015", 2015),
        ("2015 Mar", 2015),
        ("c2015", 2015),
        ("2015/03/12", 2015),
        ("12/03/2015", 2015),
        ("2015///", 2015),
        ("20150312", 2015),
        ("Jun2015", 2015),
        ("2015 Dec-2016 Jan", 2015),
        ("2015.0", 2015),
        ("abcd", None),
        ("", None),
        ("15", None),
        ("0", None),
        ("99999999", None),
    ],
)
def test_years_are_read_from_dates(value, year):
    assert normalise.year(value) == year


def test_text_loses_mark_up_and_keeps_what_only_looks_like_it():
    assert (
        normalise.text("<p>Mg<sup>2+</sup>,&nbsp;&lt;i&gt;p&lt;/i&gt; &lt; 0.05 and n > 3</p>")
        == "Mg2+, p < 0.05 and n > 3"
    )
    assert normalise.text("<jats:title>One</jats:title><jats:p>two</jats:p>") == "One two"
    assert normalise.text("Mu\u0308ller\u00ad\u200b  x\n y") == "Müller x y"


def test_languages_have_their_names():
    assert [normalise.language(value) for value in ("eng", "en", "English", "Klingon", "und")] == [
        "English", "English", "English", "Klingon", "",
    ]  # fmt: skip


def test_names_lose_identifiers_and_what_is_no_name():
    assert normalise.authors(["Example, Anna (99999999901); Müller, C", "et al.", "Example, Anna"]) == (
        "Example, Anna",
        "Müller, C",
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(NCT01234567)", "NCT01234567"), ("nct 01234567", "NCT01234567"),
        ("ISRCTN 96803379", "ISRCTN96803379"),
        ("EudraCT 2015-001234-12", "EUCTR2015-001234-12"), ("EUCTR2015-001234-12-GB", "EUCTR2015-001234-12"),
        ("EU CT 2022-501234-12-00", "CTIS2022-501234-12"), ("ChiCTR-TRC-12002345", "CHICTR-TRC-12002345"),
        ("ChiCTR2000034567", "CHICTR2000034567"), ("CTRI/2012/08/002890", "CTRI/2012/08/002890"),
        ("ACTRN12605000123456", "ACTRN12605000123456"), ("DRKS00012345", "DRKS00012345"),
        ("UMIN-CTR UMIN000012345", "UMIN000012345"), ("JPRN-UMIN000012345", "UMIN000012345"),
        ("jRCTs031180001", "JRCTS031180001"), ("IRCT2013102215106N1", "IRCT2013102215106N1"),
        ("NTR1234", "NTR1234"),
        ("Netherlands Trial Register NL4321", "NL4321"), ("KCT0001234", "KCT0001234"),
        ("PACTR201501000123456", "PACTR201501000123456"), ("SLCTR/2012/003", "SLCTR/2012/003"),
        ("TCTR20150101001", "TCTR20150101001"), ("RBR-4abc12", "RBR-4ABC12"),
    ],
)  # fmt: skip
def test_a_number_in_a_register_has_one_form(text, number):
    assert registrations([f"Registered: {text}."]) == (number,)
    assert is_registration(text) or " " in text


@pytest.mark.parametrize(
    "text",
    ["CRD42015012345", "plasmid NL4321", "NCT012345678", "XNCT01234567", "2015-03-12", "tel 2015-001234-1"],
)
def test_what_is_no_trial_number_gives_none(text):
    assert registrations([text]) == ()


def test_numbers_of_several_texts_are_sorted_and_each_once():
    assert registrations(["NTR1234 and NCT01234567", "NCT01234567"]) == ("NCT01234567", "NTR1234")
    assert registrations(["NCT0123", "4567"]) == ()
