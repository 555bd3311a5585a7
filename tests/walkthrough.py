"""The maintainer's day as its page tells it: every command read from the page and run in a scratch checkout.

    python tests/walkthrough.py            run it and print what the terminal shows
    python tests/walkthrough.py --record   also keep that beside the page, which shows it

Nothing of the checkout is touched but those recordings. The day is made up, 2030-01-15, and so
are its study and its search; the tables are the real ones.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "maintainers-day.md"
RECORDINGS = PAGE.with_suffix("")
SECONDS = 1_894_665_600  # 2030-01-15
BLOCK = re.compile(r"```\{code-block\} console\n:name: (?P<name>[\w-]+)\n(?P<commands>.*?)```", re.DOTALL)
KEYS = re.compile(r"```\{code-block\} text\n:name: (?P<name>[\w-]+)-keys\n(?P<keys>.*?)```", re.DOTALL)
WIDTH = 100


@dataclass(frozen=True)
class Step:
    """One block of the page: its name, its command lines, and what is typed into them."""

    name: str
    commands: tuple[str, ...]
    keys: str = ""

    @property
    def recording(self) -> Path:
        """Return the file that holds what the terminal showed."""
        return RECORDINGS / f"{self.name}.txt"


@dataclass(frozen=True)
class Shown:
    """What a step printed, both streams as they came, and whether each command succeeded."""

    step: Step
    output: str
    codes: tuple[int, ...]


def steps(page: Path = PAGE) -> list[Step]:
    """Return the steps of the page in their order; a line that ends in a backslash goes on."""
    text = page.read_text(encoding="utf-8")
    keys = {found["name"]: found["keys"] for found in KEYS.finditer(text)}
    return [
        Step(found["name"], tuple(_commands(found["commands"])), keys.get(found["name"], ""))
        for found in BLOCK.finditer(text)
    ]


def _commands(block: str) -> Iterator[str]:
    for line in block.replace("\\\n", " ").splitlines():
        assert line.startswith("$ "), line
        yield " ".join(line.removeprefix("$ ").split())


class Day:
    """A scratch checkout with one commit on `main`, in which the steps are run one after the other."""

    def __init__(self, folder: Path):
        self.root = folder / "checkout"
        self.site = folder / "site"
        self.environment = _environment(folder)
        _copy_of_tree(self.root)
        _wrapper(folder / "bin" / "livingmeta", self.root)
        for arguments in (("init", "-q", "-b", "main"), ("add", "--all"), ("commit", "-q", "-m", "Begin")):
            self._git(*arguments)

    def run(self, step: Step) -> Shown:
        """Run the commands of a step."""
        shown, codes = [], []
        for command in step.commands:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.root,
                env=self.environment,
                input=step.keys,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
            shown.append(f"$ {command}\n{done.stdout}" if len(step.commands) > 1 else done.stdout)
            codes.append(done.returncode)
        return Shown(step, _neutral("".join(shown), self.root), tuple(codes))

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, env=self.environment, check=True)


def _environment(folder: Path) -> dict[str, str]:
    day = f"{SECONDS} +0000"
    who = {"NAME": "A maintainer", "EMAIL": "maintainer@example.org", "DATE": day}
    git = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "LIVINGMETA_"))},
        **git,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SOURCE_DATE_EPOCH": str(SECONDS),
        "NO_COLOR": "1",
        "COLUMNS": str(WIDTH),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PYTHONUTF8": "1",
    }


def _copy_of_tree(target: Path) -> None:
    """Copy what git tracks or would track of this checkout, as it lies there now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _wrapper(path: Path, root: Path) -> None:
    """Put the checkout's own command on the path, run by this Python."""
    path.parent.mkdir(parents=True)
    library = shlex.quote(str(root / "pipelines"))
    python = shlex.quote(sys.executable)
    path.write_text(f'#!/bin/sh\nPYTHONPATH={library} exec {python} -m livingmeta "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def _neutral(text: str, root: Path) -> str:
    """Return output without what differs from machine to machine: folders, commits, steps of a build."""
    said = text.replace(str(root), ".").replace(str(root.parent), "..")
    lines = [line.rstrip() for line in said.splitlines() if not line.startswith("done: ")]
    return "\n".join(lines) + "\n"


def _recorded(shown: Iterable[Shown]) -> None:
    """Keep what the page includes."""
    page = PAGE.read_text(encoding="utf-8")
    for one in shown:
        if f"{RECORDINGS.name}/{one.step.recording.name}" in page:
            one.step.recording.write_text(one.output, encoding="utf-8")


def main() -> int:
    """Run the day, print it, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--record", action="store_true", help="keep the output beside the page")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="livingmeta-day-") as folder:
        day = Day(Path(folder))
        shown = []
        for step in steps():
            shown.append(day.run(step))
            print(f"--- {step.name}\n{shown[-1].output}", flush=True)
            if any(shown[-1].codes):
                print(f"the step {step.name} failed: exit codes {shown[-1].codes}", file=sys.stderr)
                return 1
        if asked.record:
            _recorded(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
