"""Are exports read as other programs print them, and is what they cost paid once?"""

from livingmeta.intake.duplicates import duplicates
from livingmeta.intake.exports import read
from livingmeta.intake.places import place_of
from livingmeta.intake.record import Reading, Record
from livingmeta.intake.rows import cells_of, record_of
from livingmeta.intake.titles import acronyms, kind_in
from livingmeta.vocabulary import ERRATUM_OF, RETRACTION_OF

RIS = "TY  - JOUR\nTI  - Of RIS\nPY  - 2001\nER  - \n"
NBIB = "PMID- 99000001\nDP  - 2002 Jan\nTI  - Of PubMed\n      wrapped\nFAU - Example, Ann\n"
BIB = "@article{a,\n title = {Of BibTeX},\n year = 2003\n}\n"


def of(text: str) -> Reading:
    return read("made-up", text.encode())


def only(text: str) -> Record:
    (record,) = of(text).records
    return record


def test_files_put_one_after_the_other_are_read_each_in_its_format():
    for parts in ((RIS, NBIB, BIB), (NBIB, BIB, RIS), (BIB, RIS, NBIB)):
        got = of("\n".join(parts))
        assert {(one.title, one.year) for one in got.records} == {
            ("Of RIS", 2001), ("Of PubMed wrapped", 2002), ("Of BibTeX", 2003),
        }  # fmt: skip
        assert [one.number for one in got.records] == [1, 2, 3]
        assert got.format == "BibTeX and PubMed nbib and RIS"


def test_what_is_broken_in_a_later_part_has_its_line_in_the_whole_file():
    (broken,) = of(f"{NBIB}\n{RIS}stray text\n").broken
    assert (broken.number, broken.line) == (3, 11)


def test_a_header_that_comes_again_and_rows_of_commas_are_no_records():
    got = of("Title,Year,DOI\nOne,2001,10.5555/a\n,,\nTitle,Year,DOI\nTwo,2002,10.5555/b\n")
    assert [one.title for one in got.records] == ["One", "Two"]
    assert got.broken == ()


def test_records_that_only_a_number_begins_are_told_apart():
    text = "<1. >\nVN  - Ovid Technologies\nTI  - One\nAU  - Example A.\nYR  - 2018\n\n<2. >\nTI  - Two\n"
    assert [(one.title, one.year) for one in of(text).records] == [("One", 2018), ("Two", None)]


def test_identifiers_within_a_note_count_where_the_note_is_of_the_record():
    note = "Accession Number: 105. Publication Type: Article. PMID: NLM99000001. DOI: 10.5555/JPN.15"
    got = only(f"TY  - JOUR\nTI  - T\nN1  - {note}\nER  -\n")
    assert (got.doi, got.pmid) == ("10.5555/jpn.15", "99000001")


def test_a_doi_with_pages_in_angle_brackets_is_whole():
    doi = "10.5555/1097-0142(20010615)91:12<2214::aid-cncr1251>3.0.co;2-y"
    assert only(f"TY  - JOUR\nTI  - T\nDO  - {doi}\nER  -\n").doi == doi


def test_names_joined_by_and_are_several():
    assert len(only("TY  - JOUR\nTI  - T\nAU  - Roe, Bob and Poe, Ann\nER  -\n").authors) == 2
    group = "Department of Health and Care"
    assert only(f"TY  - JOUR\nTI  - T\nAU  - {group}\nER  -\n").authors == (group,)


def test_headers_with_points_and_of_other_languages_are_understood():
    head = "title,publication_year,authorships.author.display_name,primary_location.source.display_name"
    got = only(f"{head}\nOne,2013,Ann Roe|Bob Poe,Kidney\n")
    assert (got.authors, got.journal) == (("Ann Roe", "Bob Poe"), "Kidney")
    assert only("Titel;Autoren;Jahr;DOI\nEins;Müller K;2011;10.5555/a\n").year == 2011
    assert only("Titre;Auteurs;Année;DOI\nUn;Roe A;2012;10.5555/a\n").year == 2012


def test_where_a_record_is_printed_survives_the_table():
    places = (
        (None, "44", "3", "1047-1055"), (2015, "", "", "1047-1055"), (2015, "", "", "e606"),
        (None, "", "", "S12-S15"), (2015, "34 (Suppl. 1)", "3", "1-5"),
        (2015, "44", "1 (Pt 2)", "1-5; quiz 6"),
    )  # fmt: skip
    for year, volume, issue, pages in places:
        for journal in ("Kidney Int", "Journal of Nephrology : JN", ""):
            record = Record(
                title="T", year=year, journal=journal, volume=volume, issue=issue, pages=pages, type="article"
            )
            kept = place_of(record_of(cells_of(record)))
            whole = place_of(record)
            assert (kept.volume, kept.first, kept.last) == (whole.volume, whole.first, whole.last), pages
            assert kept.journal == whole.journal


def test_a_title_partly_in_capitals_costs_no_more_than_another():
    title = f"Correction: {'SERUM MAGNESIUM AND MORTALITY IN PATIENTS ON DIALYSIS ' * 20}"
    assert acronyms(f"{title} of (MAGIC-2)") == {"magic2"}


def test_a_notice_that_cites_where_the_article_was_printed_names_its_title():
    title = "Serum magnesium and vascular calcification in dialysis patients"
    assert kind_in(f"Corrigendum to “{title}” [Kidney 12 (2019) 1–9]") == ("erratum", title)
    article = Record(title=title, year=1995, journal="Kidney")
    erratum = Record(title=f"Erratum to “{title}” [Kidney 12 (1995) 1–9]", year=1996, type="erratum")
    (found,) = duplicates([article, erratum]).of(ERRATUM_OF)
    assert (found.left, found.right) == (1, 0)


def test_a_retraction_is_linked_however_late_and_by_its_abstract():
    title = "Serum magnesium and vascular calcification in dialysis patients"
    article = Record(title=title, year=1990, journal="Kidney", doi="10.5555/old")
    late = Record(title=f"Retraction: {title}", year=2026, journal="Kidney", type="retraction")
    assert duplicates([article, late]).of(RETRACTION_OF)
    bare = only(
        "TY  - JOUR\nTI  - Retraction\nPY  - 2026\n"
        "AB  - [This retracts the article DOI: 10.5555/old.].\nER  -\n"
    )
    assert bare.type == "retraction"
    assert duplicates([article, bare]).of(RETRACTION_OF)


def test_the_letter_of_an_electronic_page_is_no_other_page_and_does_is_no_french():
    names = ("Roe, Ann", "Poe, Bob")
    one = Record(title="Zinc and cramps", authors=names, year=2020, journal="Heart", volume="4", pages="e606")
    two = Record(title="Zinc and cramps", authors=names, year=2020, journal="Heart", pages="606")
    assert len(duplicates([one, two]).clusters) == 1
    other = Record(
        title="Does iron reduce delirium in adults?", authors=names, year=2020, journal="Heart", volume="4",
        pages="e606",
    )  # fmt: skip
    assert duplicates([one, other]).clusters == ()
