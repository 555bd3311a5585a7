"""Is every record of a RIS file read, whatever its writer left out?"""

from livingmeta.intake import ris
from livingmeta.intake.record import Record


def only(text: str) -> Record:
    reading = ris.read(text)
    assert len(reading.records) == 1 and not reading.broken, reading
    return reading.records[0]


def titles(text: str) -> list[str]:
    return [record.title for record in ris.read(text).records]


def test_a_record_without_its_last_line_ends_where_the_next_begins():
    text = "TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three"
    assert titles(text) == ["One", "Two", "Three"]
    assert ris.read(text).broken == ()


def test_a_record_without_its_first_line_is_read():
    assert titles("TY  - JOUR\nTI  - One\nER  -\nAU  - A, B\nTI  - Two\nER  -\n") == ["One", "Two"]


def test_two_records_that_lost_both_marks_between_them_are_two():
    assert titles("TY  - JOUR\nTI  - One\nPY  - 2001\n\nAU  - A, B\nTI  - Two\nER  -\n") == ["One", "Two"]


def test_very_many_records_that_lost_their_marks_are_all_read():
    assert len(titles("TY  - JOUR\n" + "TI  - One\n\nAU  - A, B\n" * 1500)) == 1500


def test_tags_may_lack_a_space_or_have_one_more():
    text = "TY - JOUR\nTI- One\nAU -  A, B\nPY  -2001\nDO  -  10.1000/x\nER -\n"
    record = only(text)
    assert (record.title, record.authors, record.doi) == ("One", ("A, B",), "10.1000/x")


def test_a_line_without_a_tag_goes_on_with_the_one_before():
    record = only(
        "TY  - JOUR\nTI  - One\n  and more\nAB  - First\n\nB6 - and IL-6 second\n"
        "KW  - a\nb\nAU  - A, B\nC, D\nER  -\n"
    )
    assert record.title == "One and more"
    assert record.abstract == "First B6 - and IL-6 second"
    assert record.authors == ("A, B", "C, D")


def test_a_repeated_tag_is_not_lost():
    record = only(
        "TY  - JOUR\nT1  - \nTI  - One\nTI  - Again\nAU  - A, B; C, D\nA1  - E, F\nA2  - Editor, X\nER  -\n"
    )
    assert record.title == "One"
    assert record.authors == ("A, B", "C, D", "E, F")


def test_text_between_records_is_broken_with_its_place_and_line():
    reading = ris.read(
        "TY  - JOUR\nTI  - One\nER  -\n\nnot of any record\nat all\nTY  - JOUR\nTI  - Two\nER  -\n"
    )
    assert [record.number for record in reading.records] == [1, 3]
    (part,) = reading.broken
    assert (part.number, part.line, part.text) == (2, 5, "not of any record\nat all")
    assert "belongs to no record" in part.reason


def test_what_providers_print_around_records_is_not_broken():
    packing = 'Record #1 of 1\nProvider: X\nContent: text/plain; charset="UTF-8"\n\n'
    text = f"{packing}TY  - JOUR\nTI  - One\nER  -\n\n2. \n<3. >\n"
    assert only(text).number == 1


def test_a_record_that_nothing_identifies_is_broken_with_that_reason():
    reading = ris.read("TY  - JOUR\nPY  - 2001\nER  -\nTY  - JOUR\nER  -\nTY  - JOUR\nTI  - Three\nER  -\n")
    assert [part.number for part in reading.broken] == [1, 2] and reading.records[0].number == 3
    assert "neither a title nor a DOI nor a PMID" in reading.broken[0].reason
    assert reading.broken[0].text == "TY  - JOUR\nPY  - 2001\nER  -"


def test_a_field_that_cannot_be_read_does_not_break_the_record():
    record = only("TY  - JOUR\nTI  - One\nPY  - abcd\nDO  - none\nAN  - see above\nER  -\n")
    assert (record.year, record.doi, record.pmid) == (None, "", "")


def test_the_doi_is_found_where_it_was_put():
    for tag in ("DO", "M3", "L3", "UR", "L2", "N1"):
        assert (
            only(f"TY  - JOUR\nTI  - T\n{tag}  - doi: https://doi.org/10.1000/ABC.1.\nER  -\n").doi
            == "10.1000/abc.1"
        ), tag


def test_a_doi_among_the_references_is_not_the_record_s_own():
    assert (
        only("TY  - JOUR\nTI  - T\nN1  - References: A (2020), https://doi.org/10.1000/other\nER  -\n").doi
        == ""
    )


def test_the_address_of_a_register_s_entry_is_not_a_doi():
    address = "https://www.cochranelibrary.com/central/doi/10.1002/central/CN-01234567/full"
    assert only(f"TY  - JOUR\nTI  - T\nUR  - {address}\nER  -\n").doi == ""


def test_a_bare_number_is_a_pmid_only_where_the_database_keeps_one():
    def pmid(lines: str) -> str:
        return only(f"TY  - JOUR\nTI  - T\n{lines}\nER  -\n").pmid

    assert pmid("DB  - Ovid MEDLINE(R)\nID  - 12345678") == "12345678"
    assert pmid("DP  - NLM\nAN  - 12345678\nID  - 16") == "12345678"
    assert pmid("DB  - Embase\nAN  - 12345678") == ""
    assert pmid("DB  - Embase\nDB  - Medline\nC5  - 12345678") == "12345678"
    assert pmid("DB  - Scopus\nC2  - 12345678") == "12345678"
    assert pmid("C2  - 12345678\nID  - 16\nAN  - 176404503") == ""
    assert pmid("AN  - rayyan-12345678\nC1  - PMID: 23456789") == "23456789"
    assert pmid("C3  - EMBASE 643589775,PUBMED 38407106") == "38407106"


def test_pages_come_in_one_field_or_in_two():
    def pages(lines: str) -> str:
        return only(f"TY  - JOUR\nTI  - T\n{lines}\nER  -\n").pages

    assert pages("SP  - 101\nEP  - 110") == "101-110"
    assert pages("SP  - 101‐110\nEP  - 110") == "101-110"
    assert pages("C7  - e15453") == "e15453"
    assert pages("SP  - 9\nEP  - 9") == "9"
