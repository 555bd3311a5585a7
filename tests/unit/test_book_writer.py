"""Does a build say why Sphinx could not be started?"""

import pytest

from livingmeta import book_writer
from livingmeta.paths import Project


@pytest.mark.parametrize("waits", [0.0, 0.5])
def test_what_ended_sphinx_early_is_said(tmp_path, monkeypatch, waits):
    import time

    def fails():
        raise ImportError("a package of Sphinx is broken")

    monkeypatch.setattr(book_writer, "load", fails)
    writer = book_writer.BookWriter(Project(tmp_path), tmp_path)
    time.sleep(waits)  # it may have ended before it is asked to write, or not yet
    assert "a package of Sphinx is broken" in writer.write()
