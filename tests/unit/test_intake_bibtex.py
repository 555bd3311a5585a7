"""Is every entry of a BibTeX file read, and only the damaged ones not?"""

import pytest

from livingmeta.intake import bibtex
from livingmeta.intake.latex import plain
from livingmeta.intake.record import Record


def only(text: str) -> Record:
    reading = bibtex.read(text)
    assert len(reading.records) == 1 and not reading.broken, reading
    return reading.records[0]


def test_a_brace_left_open_takes_no_other_entry_along():
    reading = bibtex.read(
        "@article{a, title={One}}\n@article{b, title={Two {open}, year=2001\n@article{c, title={Three}}\n"
    )
    assert [(record.number, record.title) for record in reading.records] == [(1, "One"), (3, "Three")]
    (part,) = reading.broken
    assert (part.number, part.line) == (2, 2) and "Two {open}" in part.text


def test_two_entries_with_one_key_are_two_records():
    reading = bibtex.read("@article{a, title={One}}\n@article{a, title={Two}}\n")
    assert [record.title for record in reading.records] == ["One", "Two"]


def test_a_field_given_twice_does_not_break_the_entry():
    assert only("@article{a, title={One}, year=2001, year=2002}").year == 2001


def test_abbreviations_and_parts_are_put_in_and_comments_are_no_records():
    text = (
        '@string{mj = "Made-up J"}\n@comment{x}\n@preamble{"y"}\n'
        '@article{a, title="One" # { and two}, journal=MJ, month=jan}\n'
    )
    record = only(text)
    assert (record.title, record.journal, record.number) == ("One and two", "Made-up J", 1)


def test_text_between_entries_is_broken():
    reading = bibtex.read("words before\n@article{a, title={One}}\nwords after\n")
    assert [(part.number, part.line, part.text) for part in reading.broken] == [
        (1, 1, "words before"),
        (3, 3, "words after"),
    ]


def test_what_programs_print_around_entries_is_not_broken():
    assert (
        only("% Encoding: UTF-8\nScopus\nEXPORT DATE: 05 August 2030\n\n@ARTICLE{a, title={One}}\n").number
        == 1
    )


def test_an_entry_without_anything_that_identifies_it_is_broken():
    (part,) = bibtex.read("@article{a, year=2001}").broken
    assert "neither a title" in part.reason


def test_surnames_come_first_and_groups_stay_whole():
    record = only(
        "@article{a, title={T}, author={Anna B. Example and {Group and Others} and "
        r"M{\"u}ller, C. and Ludwig van Beispiel}}"
    )
    assert record.authors == ("Example, Anna B.", "Group and Others", "Müller, C.", "van Beispiel, Ludwig")


def test_identifiers_may_be_escaped_or_in_notes():
    record = only(
        r"@misc(a, title={T}, doi={https://doi.org/10.1000/A\_1}, "
        "note={PMID: 123456, NCT01234567}, pages={1--9})"
    )
    assert (record.doi, record.pmid, record.registrations, record.pages) == (
        "10.1000/a_1",
        "123456",
        ("NCT01234567",),
        "1-9",
    )


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"M{\"u}ller, \'{E}t{\'e}, \c{c}, {\o}, \ss, \v{s}", "Müller, Été, ç, ø, ß, š"),
        (r"{Mg$^{2+}$} and $\beta$", "Mg2+ and β"),
        (r"50\% of A \& B", "50% of A & B"),
        ("50% of A & B", "50% of A & B"),
        ("costs $5", "costs $5"),
        (r"\textit{in vitro} 50% or $x$", "in vitro 50% or x"),
        ("plain text", "plain text"),
    ],
)
def test_latex_becomes_characters(latex, text):
    assert plain(latex) == text
