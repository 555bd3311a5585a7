"""Are tables read whatever separates their columns, and are damaged rows told from whole ones?"""

from livingmeta.intake import delimited
from livingmeta.intake.columns import FIELD_OF, FIELDS


def read(*lines: str) -> delimited.Reading:
    return delimited.read("\n".join(lines) + "\n")


def test_commas_semicolons_and_tabs_separate():
    for sign in ",;\t|":
        (record,) = read(sign.join(["Title", "DOI", "Year"]), sign.join(["One", "10.1000/x", "2001"])).records
        assert (record.title, record.doi, record.year) == ("One", "10.1000/x", 2001)


def test_a_cell_may_go_on_over_lines_and_hold_quotes_and_separators():
    reading = read("Title,DOI,Abstract", '"One, ""two""', 'three",10.1000/x,"a', "", 'b"', "Next,10.1000/y,")
    assert [record.title for record in reading.records] == ['One, "two" three', "Next"]
    assert reading.broken == ()


def test_a_quotation_mark_left_open_takes_one_row_only():
    reading = read("Title,DOI,Year", '"One,10.1000/x,2001', "Two,10.1000/y,2002", '"Three",10.1000/z,2003')
    assert [(record.number, record.title) for record in reading.records] == [(2, "Two"), (3, "Three")]
    (part,) = reading.broken
    assert (part.number, part.line, part.text) == (
        1,
        2,
        '"One,10.1000/x,2001',
    ) and "not closed" in part.reason


def test_rows_of_another_width_are_reported_by_number_and_line():
    reading = read(
        "Title,DOI,Year", "One,10.1000/x", "Two,10.1000/y,2002", "Three, with a comma,10.1000/z,2003"
    )
    assert [record.number for record in reading.records] == [2]
    assert [(part.number, part.line, part.reason) for part in reading.broken] == [
        (1, 2, "2 columns where the header has 3"),
        (3, 4, "4 columns where the header has 3"),
    ]


def test_empty_cells_after_the_last_column_are_no_fault():
    assert len(read("Title,DOI,,", "One,10.1000/x,,", "Two,10.1000/y,,,,").records) == 2


def test_quotes_inside_quotes_that_were_not_doubled_are_read():
    (record,) = read("Title,DOI", '"The "magic" trial",10.1000/x').records
    assert record.doi == "10.1000/x" and "magic" in record.title


def test_a_row_that_nothing_identifies_is_broken():
    reading = read("Title,DOI,Year", ",,2001", "Two,,")
    assert [part.number for part in reading.broken] == [1] and [
        record.number for record in reading.records
    ] == [2]


def test_a_list_of_identifiers_alone_is_a_table():
    assert [record.pmid for record in read("PMID", "12345678", "23456789").records] == [
        "12345678",
        "23456789",
    ]
    assert read("doi", "https://doi.org/10.1000/X").records[0].doi == "10.1000/x"


def test_the_columns_of_our_own_tables_are_understood():
    screening = read(
        "record_id,search_id,title,citation,decision,authors,year,doi,pmid,registration,record_type",
        "a,b,One,Made-up J 2025;40(14):e45,pending,A B; C D,2025,10.1000/x,123456,NCT01234567,protocol",
    ).records[0]
    assert (screening.volume, screening.issue, screening.pages, screening.type) == (
        "40",
        "14",
        "e45",
        "protocol",
    )
    assert screening.registrations == ("NCT01234567",) and screening.authors == ("A B", "C D")
    report = read(
        "report_id,title,journal,year,volume_pages,doi,report_type", "a,One,J,2001,12(3):4-5,,erratum"
    ).records[0]
    assert (report.volume, report.issue, report.pages, report.type) == ("12", "3", "4-5", "erratum")


def test_a_cell_kept_from_a_spreadsheet_is_read():
    assert read("Article Title,Publication Date,DOI", 'One,="Jun2023","10.1000/x"').records[0].year == 2023


def test_names_are_separated_by_what_the_source_uses():
    def authors(cell: str) -> tuple[str, ...]:
        return read("Title;Authors;DOI", f'One;"{cell}";10.1000/x').records[0].authors

    assert authors("Example, A.; Müller, C.") == ("Example, A.", "Müller, C.")
    assert authors("Example A, de Beispiel Filho BC, Müller C.") == (
        "Example A",
        "de Beispiel Filho BC",
        "Müller C",
    )
    assert authors("Example, A. and Müller, C.") == ("Example, A.", "Müller, C.")
    assert authors("Example, Anna") == ("Example, Anna",)


def test_no_name_of_a_column_stands_for_two_fields():
    assert sum(len(names) for names in FIELDS.values()) == len(FIELD_OF)
