"""Are PubMed's two formats read, with what they say of other records, and with damage?"""

from pathlib import Path

import pytest

from livingmeta.intake import nbib, pubmed_xml
from livingmeta.intake.record import ExportError

FOLDER = Path(__file__).resolve().parents[1] / "exports"


def article(pmid: int, title: str = "A title", more: str = "") -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID>'
        f"<Article><ArticleTitle>{title}</ArticleTitle>"
        f"</Article>{more}</MedlineCitation></PubmedArticle>"
    )


def whole(*articles: str) -> str:
    return "<?xml version='1.0'?>\n<PubmedArticleSet>\n" + "\n".join(articles) + "\n</PubmedArticleSet>\n"


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("EIN", "corrected_by"), ("EFR", "erratum_of"), ("RIN", "retracted_by"), ("ROF", "retraction_of"),
        ("ECI", "concern_by"), ("ECF", "concern_of"), ("CON", "comment_on"), ("UIN", "published_as"),
        ("RPI", "published_as"),
    ],
)  # fmt: skip
def test_what_a_record_says_of_another_is_read_over_wrapped_lines(tag, kind):
    said = "Made-up J. 2030;1(2):3. doi: \n      10.1000/other. PMID: \n      2"
    text = f"PMID- 1\nTI  - A title\n{tag} - {said}\n"
    (relation,) = nbib.read(text).records[0].relations
    assert (relation.kind, relation.doi, relation.pmid) == (kind, "10.1000/other", "2")


@pytest.mark.parametrize("tag", ["CIN", "UOF", "RPF"])
def test_what_says_nothing_of_the_record_itself_is_no_relation(tag):
    assert (
        nbib.read(f"PMID- 1\nTI  - A title\n{tag} - Made-up J. 2030;1:2. PMID: 2\n").records[0].relations
        == ()
    )


def test_types_of_publications_decide_the_type():
    def type_of(publication: str) -> str:
        return nbib.read(f"PMID- 1\nTI  - A title\nPT  - {publication}\n").records[0].type

    assert type_of("Clinical Trial Protocol") == "protocol"
    assert type_of("Retraction of Publication") == "retraction"
    assert type_of("Preprint") == "preprint"
    assert type_of("Retracted Publication") == "article"


def test_a_retracted_publication_says_so_even_without_the_notice():
    (relation,) = nbib.read("PMID- 1\nTI  - A title\nPT  - Retracted Publication\n").records[0].relations
    assert relation.kind == "retracted_by"


def test_a_blank_line_inside_a_record_does_not_tear_it_apart():
    reading = nbib.read("PMID- 1\nOWN - NLM\n\nTI  - One\n      and more\n\nPMID- 2\nTI  - Two\n")
    assert [(record.pmid, record.title) for record in reading.records] == [
        ("1", "One and more"),
        ("2", "Two"),
    ]
    assert reading.broken == ()


def test_a_record_whose_first_line_is_lost_is_read():
    reading = nbib.read("PMID- 1\nTI  - One\n\nOWN - NLM\nTI  - Two\n\nPMID- 3\nTI  - Three\n")
    assert [record.title for record in reading.records] == ["One", "Two", "Three"]


def test_a_continuation_with_too_few_spaces_is_not_lost():
    record = nbib.read("PMID-1\nTI  - One\n  and two\nSARS-CoV IL-6\nAB  - Text\n").records[0]
    assert record.pmid == "1" and record.title == "One and two SARS-CoV IL-6" and record.abstract == "Text"


def test_text_before_the_first_record_is_broken():
    reading = nbib.read("Some words of a mail\n\nPMID- 1\nTI  - One\n")
    assert [part.number for part in reading.broken] == [1] and reading.records[0].number == 2


def test_names_of_groups_are_authors():
    record = nbib.read(
        "PMID- 1\nTI  - One\nFAU - Example, Anna\nAU  - Example A\nCN  - The Made-up Group\n"
    ).records[0]
    assert record.authors == ("Example, Anna", "The Made-up Group")


def test_identifiers_of_references_are_not_the_article_s():
    record = pubmed_xml.read((FOLDER / "pubmed.xml").read_text(encoding="utf-8")).records[0]
    assert (record.doi, record.pmid) == ("10.5555/made.2030.1", "99000001")


def test_mark_up_and_entities_in_titles_become_characters():
    reading = pubmed_xml.read(
        whole(article(1, "Mg<sup>2+</sup> &eacute; &lt;i&gt;in vivo&lt;/i&gt; &amp; p &lt; 0.05"))
    )
    assert reading.records[0].title == "Mg2+ é in vivo & p < 0.05"


def test_a_damaged_article_is_broken_and_the_others_are_read():
    text = whole(
        article(1), article(2).replace("</ArticleTitle>", ""), "stray words", article(4), article(5)[:60]
    )
    reading = pubmed_xml.read(text.replace("\n</PubmedArticleSet>\n", ""))
    assert [(record.number, record.pmid) for record in reading.records] == [(1, "1"), (4, "4")]
    assert [(part.number, part.line) for part in reading.broken] == [(2, 4), (3, 5), (5, 7)]
    assert "not well-formed" in reading.broken[0].reason and "cut off" in reading.broken[2].reason
    assert reading.broken[1].text == "stray words"


def test_an_article_that_is_not_closed_does_not_swallow_the_next():
    reading = pubmed_xml.read(whole(article(1).replace("</PubmedArticle>", ""), article(2)))
    assert [record.pmid for record in reading.records] == ["2"] and len(reading.broken) == 1


def test_characters_that_xml_forbids_do_not_break_an_article():
    assert pubmed_xml.read(whole(article(1, "A\x0b title\x1f"))).records[0].title == "A title"


def test_a_file_that_defines_entities_is_refused():
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + whole(
        article(1, "&b;")
    )
    with pytest.raises(ExportError, match="entities"):
        pubmed_xml.read(bomb)


def test_an_undefined_entity_breaks_its_article_only():
    reading = pubmed_xml.read(whole(article(1, "&undefined;"), article(2)))
    assert [record.pmid for record in reading.records] == ["2"] and len(reading.broken) == 1


def test_the_empty_answer_to_a_search_has_no_records_and_is_no_fault():
    reading = pubmed_xml.read("<?xml version='1.0'?>\n<PubmedArticleSet></PubmedArticleSet>")
    assert (reading.records, reading.broken) == ((), ())


def test_deleted_citations_are_not_records():
    assert (
        len(pubmed_xml.read(whole(article(1), "<DeleteCitation><PMID>7</PMID></DeleteCitation>")).records)
        == 1
    )


def test_a_book_article_is_read():
    book = (
        "<PubmedBookArticle><BookDocument><PMID>9</PMID><ArticleIdList>"
        "<ArticleId IdType='doi'>10.1000/b</ArticleId>"
        "</ArticleIdList><Book><BookTitle>A book</BookTitle><PubDate><Year>2030</Year></PubDate></Book>"
        "<ArticleTitle>A chapter</ArticleTitle></BookDocument></PubmedBookArticle>"
    )
    record = pubmed_xml.read(whole(book)).records[0]
    assert (record.title, record.journal, record.year, record.pmid, record.doi) == (
        "A chapter",
        "A book",
        2030,
        "9",
        "10.1000/b",
    )
