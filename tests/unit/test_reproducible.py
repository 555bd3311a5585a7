"""Does the comparison of two builds see every difference, and is a build free of its surroundings?"""

import subprocess

import pytest

import reproducible
from published_sites import write
from reproducible import NotReproducible, differing, environment, hashes, made

FILES = {"book/index.html": "one\ntwo\nthree\n", "api/v1/index.json": "{}\n", "a.bin": "x"}


@pytest.fixture
def pair(tmp_path):
    for side in ("one", "other"):
        for name, text in FILES.items():
            write(tmp_path / side / name, text)
    return tmp_path / "one", tmp_path / "other"


def test_the_same_files_do_not_differ(pair):
    assert differing(*pair) == [] and hashes(pair[0]).keys() == FILES.keys()


def test_one_changed_character_is_found_with_its_line(pair):
    write(pair[1] / "book/index.html", "one\ntwO\nthree\n")
    (found,) = differing(*pair)
    assert found.startswith("book/index.html: line 2: ") and "twO" in found and "two" in found


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "one\ntwo\nthree\nfour\n"])
def test_a_file_that_ends_elsewhere_is_found(pair, text):
    write(pair[1] / "book/index.html", text)
    (found,) = differing(*pair)
    assert found.startswith("book/index.html: line ")


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_that_is_only_in_one_is_found(pair, side):
    write(pair[side] / "extra.txt", "")
    (found,) = differing(*pair)
    assert found == f"extra.txt: only in {pair[side]}"


def test_nothing_there_is_no_difference_and_is_counted_as_nothing(tmp_path):
    assert differing(tmp_path / "a", tmp_path / "b") == [] and hashes(tmp_path / "a") == {}


def test_the_two_places_differ_in_all_that_a_build_could_depend_on(tmp_path):
    one, other = reproducible.PLACES
    for key in ("name", "time_zone", "language", "hash_seed", "jobs"):
        assert getattr(one, key) != getattr(other, key)
    assert len(one.name) != len(other.name)
    known = environment(one, tmp_path, tmp_path)
    assert known.keys() == {"PATH", "HOME", "TZ", "LANG", "PYTHONHASHSEED", "PYTHONPATH"}


def test_a_clone_without_its_own_code_is_not_built(tmp_path, monkeypatch):
    source = tmp_path / "source"
    write(source / "README.md", "no library here\n")
    git = ["git", "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(reproducible, "ROOT", source)
    with pytest.raises(NotReproducible, match="not by its own code"):
        made(reproducible.PLACES[0], tmp_path / "work", "HEAD")
