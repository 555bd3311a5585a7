"""The bootstrap: what it installs when, and what it says when it cannot."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from browser import ROOT, bootstrap

SCRIPT = ROOT / "pipelines" / "bootstrap.py"
NEW = {"python": "3.11.7 /somewhere", "locks": "aa", "project": "bb"}


@pytest.fixture
def boot():
    return bootstrap()


@pytest.fixture
def checkout(tmp_path, monkeypatch, boot):
    """A folder with lock files in which nothing is installed, and the commands that were asked for."""
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(boot, "ROOT", str(tmp_path))
    monkeypatch.setattr(boot, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(boot, "STAMP", str(tmp_path / ".venv" / "livingmeta-stamp"))
    commands = []

    def run(*command):
        commands.append(command)
        (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".venv" / "bin" / "python").touch()

    monkeypatch.setattr(boot, "run", run)
    return tmp_path, commands


def lockfiles(commands):
    return [argument for command in commands for argument in command if str(argument).endswith(".lock")]


def test_it_is_readable_by_old_pythons():
    tree = ast.parse(SCRIPT.read_text())
    modern = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Match)
    assert not [node for node in ast.walk(tree) if isinstance(node, modern)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f.name for f in functions if f.returns or any(a.annotation for a in f.args.args)]


def test_it_imports_only_the_standard_library():
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        assert not isinstance(node, ast.ImportFrom)
    assert imported <= sys.stdlib_module_names


def test_an_old_python_is_told_what_it_is(boot):
    with pytest.raises(boot.BootstrapError, match=r"3\.11 or newer.*this is Python 3\.9\.2"):
        boot.check_python((3, 9, 2, "final", 0))
    boot.check_python((3, 11, 0))


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_missing_venv_says_what_to_install(boot, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(boot.BootstrapError, match="python3-venv"):
        boot.check_venv()


def test_missing_venv_ends_with_exit_code_1(tmp_path, boot, checkout, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert boot.main(["book"]) == 1
    assert "python3-venv" in capsys.readouterr().err


def test_wrong_usage_ends_with_exit_code_2(boot, capsys):
    assert boot.main([]) == 2
    assert boot.main(["everything"]) == 2


@pytest.mark.parametrize(
    ("installed", "changed", "kind", "expected"),
    [
        (None, None, "book", ["venv", "lock", "project"]),
        ("book", None, "book", []),
        ("test", None, "book", []),
        ("test", None, "test", []),
        ("book", None, "test", ["lock", "project"]),
        ("book", "locks", "book", ["venv", "lock", "project"]),
        ("test", "python", "test", ["venv", "lock", "project"]),
        ("test", "project", "book", ["project"]),
    ],
)
def test_only_what_changed_is_done(boot, installed, changed, kind, expected):
    found = {**NEW, "installed": installed} if installed else {}
    if changed:
        found[changed] = "other"
    assert boot.steps(found, {**NEW, "installed": kind}) == expected


def test_the_book_leaves_the_test_environment_alone(boot, checkout):
    _, commands = checkout
    boot.install("test")
    assert lockfiles(commands) == ["requirements-dev.lock"]
    commands.clear()
    boot.install("book")
    assert commands == []


def test_an_edit_of_the_project_keeps_the_test_packages(boot, checkout):
    folder, commands = checkout
    boot.install("test")
    (folder / "pyproject.toml").write_text("edited")
    commands.clear()
    boot.install("book")
    assert not lockfiles(commands)
    boot.install("test")
    assert not lockfiles(commands)


def test_packages_are_installed_by_hash_and_nothing_is_resolved(boot, checkout):
    _, commands = checkout
    boot.install("book")
    installs = [command for command in commands if "install" in command]
    assert all("--no-deps" in command for command in installs)
    assert "--require-hashes" in next(command for command in installs if lockfiles([command]))


def test_an_interrupted_installation_leaves_no_stamp(boot, checkout, monkeypatch):
    folder, _ = checkout
    boot.install("book")
    (folder / "requirements.lock").write_text("changed")
    monkeypatch.setattr(boot, "pip_install", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        boot.install("book")
    assert not Path(boot.STAMP).exists()
    assert boot.read_stamp() == {}


def test_variables_that_divert_pip_do_not_reach_it(boot, monkeypatch):
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert not {"PIP_USER", "PYTHONPATH"} & set(boot.child_environment())


def executable(path, exit_code=0):
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(boot, monkeypatch, tmp_path):
    """A machine without any browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("LIVINGMETA_BROWSER", raising=False)
    monkeypatch.setattr(boot, "MAC_BROWSERS", ())
    monkeypatch.setattr(boot, "PLAYWRIGHT_CACHES", ())
    return tmp_path


def test_the_variable_comes_first(boot, bare, monkeypatch):
    executable(bare / "chromium")
    chosen = executable(bare / "mine")
    monkeypatch.setenv("LIVINGMETA_BROWSER", chosen)
    assert boot.find_browser() == chosen


def test_a_variable_that_names_nothing_is_an_error(boot, bare, monkeypatch):
    executable(bare / "chromium")
    monkeypatch.setenv("LIVINGMETA_BROWSER", "/no/such/browser")
    with pytest.raises(boot.BootstrapError, match="/no/such/browser"):
        boot.find_browser()


def test_a_browser_that_does_not_start_is_passed_over(boot, bare):
    executable(bare / "chromium", exit_code=1)
    assert boot.find_browser() is None
    working = executable(bare / "google-chrome")
    assert boot.find_browser() == working


def test_the_download_of_playwright_is_found(boot, bare):
    folder = bare / "playwright" / "chromium-1" / "chrome-linux"
    folder.mkdir(parents=True)
    downloaded = executable(folder / "chrome")
    assert boot.find_browser() == downloaded


@pytest.mark.parametrize("root", [True, False])
def test_debian_is_asked_first_and_only_as_root(boot, bare, monkeypatch, root):
    executable(bare / "apt-get")
    asked = []
    monkeypatch.setattr(boot, "run", lambda *command: asked.append(os.path.basename(command[0])))
    monkeypatch.setattr(boot.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.delenv("CI", raising=False)
    boot.provide_browser()
    assert asked == (["apt-get", "apt-get", "python"] if root else ["python"])


def test_without_a_browser_it_says_so_loudly(boot, bare, monkeypatch, capsys):
    monkeypatch.setattr(boot, "run", lambda *_: None)
    monkeypatch.delenv("CI", raising=False)
    boot.provide_browser()
    assert "BROWSER TESTS NOT RUN" in capsys.readouterr().out


def test_without_a_browser_ci_fails(boot, bare, monkeypatch):
    monkeypatch.setattr(boot, "run", lambda *_: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(boot.BootstrapError, match="BROWSER TESTS NOT RUN"):
        boot.provide_browser()


def pins(name):
    """Return package, version and hashes of each line; tests may install it in more places."""
    text = (ROOT / name).read_text()
    blocks = re.findall(r"^([\w.-]+==\S+)[^\\]*\\\n((?:    --hash=\S+(?: \\)?\n?)+)", text, re.MULTILINE)
    return {(pin, tuple(re.findall(r"sha256:\w+", hashes))) for pin, hashes in blocks}


def test_the_test_lock_holds_the_book_lock():
    book = pins("requirements.lock")
    assert len(book) == len(re.findall(r"^[\w.-]+==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert book <= pins("requirements-dev.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_name_no_place(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"://|^\s*-|index-url|find-links", text.replace("    --hash=", ""), re.MULTILINE)
    blocks = re.split(r"\n(?=\w)", text.split("\n", 1)[1])
    assert all("--hash=sha256:" in block for block in blocks)


def test_nothing_to_do_is_done_without_a_word():
    if not (ROOT / ".venv" / "livingmeta-stamp").exists():
        pytest.skip("the environment of this checkout was not made by the bootstrap")
    done = subprocess.run([sys.executable, SCRIPT, "book"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
