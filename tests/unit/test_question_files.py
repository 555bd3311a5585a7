"""Do the files of a question follow its evidence, also when there is less of it?"""

from pathlib import Path

from livingmeta.charts import CHARTS
from livingmeta.export.question_files import keep
from livingmeta.paths import Project
from made_up import analysed, studies, tables

CELLS = [(5 + i, 50 + 7 * i, 9 + i, 50 + 5 * i) for i in range(12)]


def kept(root: Path, cells: list[tuple[int, int, int, int]]) -> set[str]:
    """Return the charts that lie there after a question with these tables was kept."""
    rows = tables(*cells)
    keep(analysed(rows), studies(rows), Project(root))
    return {path.name.split(".")[1] for path in Project(root).records.glob("made-up.*.svg")}


def test_a_chart_that_a_question_no_longer_has_is_taken_away(tmp_path: Path) -> None:
    before = kept(tmp_path, CELLS)
    after = kept(tmp_path, CELLS[:1])
    assert before <= set(CHARTS)
    assert after < before
    assert after == kept(tmp_path / "fresh", CELLS[:1])
