"""Are the words that the code knows those that the schema allows?"""

import pytest

from livingmeta import vocabulary
from livingmeta.intake.record import TYPES
from livingmeta.intake.rows import WORDS
from livingmeta.paths import ROOT
from livingmeta.schema import load_schema


def allowed(table: str, column: str) -> set[str]:
    field = load_schema(ROOT / "data").tables[table].field(column)
    assert field is not None
    return set(field.enum)


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("screening", "decision", vocabulary.DECISIONS),
        ("screening", "record_type", TYPES),
        ("reports", "retraction_status", vocabulary.STATUSES),
    ],
)
def test_the_words_of_a_column_are_those_of_the_schema(
    table: str, column: str, words: tuple[str, ...]
) -> None:
    assert allowed(table, column) == set(words)


def test_the_other_words_are_among_those_of_the_schema() -> None:
    assert {*vocabulary.STAGES, vocabulary.NOT_SEEN} <= allowed("screening", "stage")
    kinds = {vocabulary.SYSTEMATIC, vocabulary.EXPORT, vocabulary.SURVEILLANCE}
    assert kinds <= allowed("searches", "kind")


def test_every_relation_has_its_words() -> None:
    assert set(WORDS) == set(vocabulary.RELATIONS)
