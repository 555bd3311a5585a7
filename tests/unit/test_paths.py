from pathlib import Path

from livingmeta.paths import ROOT, Project


def test_root_is_the_folder_of_the_project_file():
    assert (ROOT / "pyproject.toml").is_file()


def test_every_folder_lies_under_the_root(tmp_path):
    project = Project(tmp_path)
    folders = (project.data, project.questions, project.effects, project.notebooks, project.book)
    made = (project.pages, project.fragments, project.build, project.records, project.html)
    assert all(tmp_path in folder.parents for folder in (*folders, *made))


def test_data_may_lie_elsewhere(tmp_path):
    project = Project(tmp_path, data_dir=Path("/elsewhere/data"))
    assert project.effects == Path("/elsewhere/data/effects")
    assert project.questions == Path("/elsewhere/data/questions")
    assert project.book == tmp_path / "book"
