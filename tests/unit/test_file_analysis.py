"""Is any CSV file analysed as it stands, by the library as by the command?"""

import pytest

from livingmeta.file_analysis import Request, RequestError, analyse_file, as_text, record_of

TEXT = "author,year,yi,vi\nA,1990,0.1,0.04\nB,2000,NA,0.04\nC,2010,0.3,\nD,2020,0.5,0.01\n"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text(TEXT, encoding="utf-8")
    return file


def request(**changes):
    return Request(**{"measure": "GEN", **changes})


def test_missing_values_leave_a_row_out_with_its_line(path):
    analysed = analyse_file(path, request())
    assert analysed.fit.k == 2
    assert [(item.line, item.study) for item in analysed.effects.excluded] == [(3, "B"), (4, "C")]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_of_any_program_are_read(tmp_path, mark, end):
    path = tmp_path / "x.csv"
    path.write_bytes(mark + TEXT.replace("A,", "Müller,").replace("\n", end).encode())
    effects = analyse_file(path, request()).effects
    assert list(effects.frame["study"]) == ["Müller", "D"]


def test_conditions_read_numbers_as_numbers(path):
    effects = analyse_file(path, request(where=["year >= 2010"])).effects
    assert list(effects.frame["study"]) == ["D"]
    effects = analyse_file(path, request(where=["year == 1990.0"])).effects
    assert list(effects.frame["study"]) == ["A"]


def test_conditions_read_text_as_text(path):
    effects = analyse_file(path, request(where=['author != "A"'])).effects
    assert list(effects.frame["study"]) == ["D"]


@pytest.mark.parametrize("condition", ["year", "year ~ 3", "month == 3", "author < Z", "== 3"])
def test_a_condition_that_cannot_be_read_is_refused(path, condition):
    with pytest.raises(RequestError, match="condition"):
        analyse_file(path, request(where=[condition]))


def test_the_text_names_what_did_not_enter(path):
    text = as_text(analyse_file(path, request()), path)
    assert "not entered: x.csv:3: B: " in text
    assert text.startswith("effect size, REML, adhoc; k = 2\n")
    assert "prediction" not in text


def test_the_text_of_one_study_says_that_nothing_was_pooled(path):
    text = as_text(analyse_file(path, request(where=["author == A"])), path)
    assert "nothing was pooled" in text
    assert "tau2" not in text


def test_the_record_is_that_of_a_question_without_its_words(path):
    record = record_of(analyse_file(path, request()))
    assert (record["k"], record["measure"], record["scale"]) == (2, "GEN", "identity")
    assert "verdict" not in record
