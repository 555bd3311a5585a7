"""Does `livingmeta export` write what it says, replace whole files, and end with the right exit code?"""

import hashlib

import pytest
from click.testing import CliRunner

from exported import ONE_QUESTION, VERSION, frozen, scratch_checkout
from livingmeta.cli import main
from livingmeta.commands.export import together
from livingmeta.export import registry
from livingmeta.export.registry import ExportError, files
from livingmeta.releases import find_release
from livingmeta.snapshots import of_release

TEXTS = ("tex", "csv", "json", "methods", "zip")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a scratch checkout with one question and one release whose macros are remembered wrongly."""
    made = scratch_checkout(tmp_path_factory.mktemp("checkout"), ONE_QUESTION)
    plain = frozen(made)
    right = {f"methods/{name}": data for name, data in files("methods", of_release(plain)).items()}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in right.items()}
    manifest = plain.folder / "manifest.json"
    wrong = {**hashes, "tex/livingmeta.tex": "0" * 64}
    text = manifest.read_text(encoding="utf-8").replace(
        '"exports": {}', f'"exports": {wrong!s}'.replace("'", '"')
    )
    manifest.write_text(text, encoding="utf-8")
    assert find_release(made, VERSION).exports == wrong
    return made


@pytest.fixture
def run(project, monkeypatch):
    monkeypatch.chdir(project.root)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, ["export", *map(str, arguments)])


def below(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_it_prints_the_files_it_wrote(run, tmp_path):
    target = tmp_path / "deep" / "folder"
    done = run("--format", "tex", "--format", "csv", "--to", target)
    assert done.exit_code == 0, done.output
    names = {f"effects/{ONE_QUESTION}.csv", "estimates.csv", "datapackage.json", "livingmeta.tex"}
    assert set(below(target)) == names
    assert {line for line in done.stdout.splitlines() if line} == {str(target / name) for name in names}


def test_an_older_export_is_replaced_as_a_whole(run, tmp_path):
    (tmp_path / "livingmeta.tex").write_text("old " * 100_000)
    (tmp_path / "mine.txt").write_text("mine")
    assert run("--format", "tex", "--to", tmp_path).exit_code == 0
    assert set(below(tmp_path)) == {"livingmeta.tex", "mine.txt"}
    assert "old old" not in (tmp_path / "livingmeta.tex").read_text()


def test_a_release_is_exported_under_its_name(run, tmp_path):
    done = run(
        *(part for name in TEXTS for part in ("--format", name)), "--to", tmp_path, "--release", VERSION
    )
    assert done.exit_code == 0, done.output
    there = below(tmp_path)
    assert f"data-package-{VERSION}.zip" in there
    for name, path in there.items():
        if not name.startswith("schema/"):
            assert VERSION.encode() in path.read_bytes(), name


def test_what_differs_from_the_frozen_export_is_written_and_said(run, tmp_path):
    done = run("--format", "tex", "--format", "methods", "--to", tmp_path, "--release", VERSION)
    assert done.exit_code == 0
    assert "tex/livingmeta.tex differs from what was exported with the release" in done.stderr
    assert "methods" not in done.stderr
    assert "livingmeta.tex" in below(tmp_path)


def test_all_stands_for_every_format(run, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "FORMATS", {"methods": registry.FORMATS["methods"]})
    monkeypatch.setattr("livingmeta.commands.export.FORMATS", registry.FORMATS)
    assert run("--format", "all", "--to", tmp_path).exit_code == 0
    assert set(below(tmp_path)) == {"methods.md"}


@pytest.mark.parametrize("version", ["2025.12.0", "nonsense", "2026.1"])
def test_an_unknown_release_is_refused_and_the_known_ones_named(run, tmp_path, version):
    done = run("--format", "tex", "--to", tmp_path, "--release", version)
    assert done.exit_code == 1
    assert VERSION in done.stderr and version in done.stderr
    assert not below(tmp_path)


@pytest.mark.parametrize(
    "arguments", [("--format", "pidgin", "--to", "x"), ("--format", "tex"), ("--to", "x"), ()]
)
def test_wrong_usage_is_told_apart(run, arguments, project):
    done = run(*arguments)
    assert done.exit_code == 2
    assert not (project.root / "x").exists()


def test_nothing_is_written_when_one_format_fails(run, tmp_path, monkeypatch):
    def refuse(name, snapshot):
        if name == "tex":
            raise ExportError("cannot be said")
        return files(name, snapshot)

    monkeypatch.setattr("livingmeta.commands.export.files", refuse)
    done = run("--format", "methods", "--format", "tex", "--to", tmp_path)
    assert done.exit_code == 1 and "cannot be said; nothing was written" in done.stderr
    assert not below(tmp_path)


def test_a_folder_that_is_a_file_is_refused(run, tmp_path):
    (tmp_path / "effects").write_text("in the way")
    done = run("--format", "csv", "--to", tmp_path)
    assert done.exit_code == 1 and "cannot be written" in done.stderr
    assert (tmp_path / "effects").read_text() == "in the way"


def test_formats_share_a_folder_only_without_quarrel():
    assert together({"a": {"x": b"1"}, "b": {"x": b"1", "y": b"2"}}) == {"x": b"1", "y": b"2"}
    with pytest.raises(ExportError, match="b: x: another format"):
        together({"a": {"x": b"1"}, "b": {"x": b"2"}})
    for name in ("../x", "/x", "a/../../x"):
        with pytest.raises(ExportError, match="inside the folder"):
            together({"a": {name: b""}})


@pytest.mark.parametrize("name", registry.FORMATS)
def test_every_format_is_described_and_made_by_a_function(name):
    from importlib import import_module

    form = registry.FORMATS[name]
    module, _, function = form.maker.partition(":")
    assert form.description and callable(getattr(import_module(module), function))


def test_the_help_names_every_format(run):
    text = run("--help").output
    assert all(name in text for name in registry.FORMATS)
