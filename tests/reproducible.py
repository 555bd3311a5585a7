"""Build one commit twice, as differently as two machines would, and compare every file.

`make reproducible` runs this. Two clones of the committed state lie at paths of different length
and are built with other time zones, languages, hash seeds and numbers of jobs. The site is
compared, and every export that there is.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
SHOWN = 10
SITE, EXPORTS = "_build/html", "exports"
FORMATS = "from livingmeta.export.registry import FORMATS; print(*sorted(FORMATS))"
WHERE = "import livingmeta; print(livingmeta.__file__)"


@dataclass(frozen=True)
class Place:
    """Where and how one of the two clones is built."""

    name: str
    time_zone: str
    language: str
    hash_seed: str
    jobs: int


PLACES = (
    Place("a", "Pacific/Kiritimati", "C", "1", 1),
    Place("a-much-longer/path/to/the-other", "America/Los_Angeles", "de_DE.UTF-8", "random", 2),
)


class NotReproducible(RuntimeError):
    """A step that failed in one of the clones."""


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by name."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def differing(one: Path, other: Path) -> list[str]:
    """Return how the files of two folders differ, with the place in each; nothing when they are identical."""
    left, right = hashes(one), hashes(other)
    found = []
    for name in sorted(left.keys() | right.keys()):
        if name not in right or name not in left:
            found.append(f"{name}: only in {one if name in left else other}")
        elif left[name] != right[name]:
            found.append(f"{name}: {hint((one / name).read_bytes(), (other / name).read_bytes())}")
    return found


def hint(left: bytes, right: bytes) -> str:
    """Return where two different files first differ, with what stands there in each."""
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    if at is None:
        at = min(len(left), len(right))
    line = left.count(b"\n", 0, at) + 1
    shown = (repr(part[max(0, at - 30) : at + 40].decode("utf-8", "replace")) for part in (left, right))
    return "line {}: {} and {}".format(line, *shown)


def environment(place: Place, clone: Path, home: Path) -> dict[str, str]:
    """Return all that a build may know of its surroundings."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "TZ": place.time_zone,
        "LANG": place.language,
        "PYTHONHASHSEED": place.hash_seed,
        # Before what is installed, which is another checkout.
        "PYTHONPATH": str(clone / "pipelines"),
    }


def run(command: Sequence[str | Path], folder: Path, known: dict[str, str] | None = None) -> str:
    """Return what a command prints.

    Raises
    ------
    NotReproducible
        When it fails; with what it said.
    """
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True)
    if done.returncode:
        raise NotReproducible(f"{' '.join(map(str, command))} in {folder}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def made(place: Place, folder: Path, commit: str) -> Path:
    """Clone the commit, build it and export everything; return the clone."""
    clone, home = folder / place.name / "clone", folder / place.name / "home"
    home.mkdir(parents=True)
    run(["git", "clone", "--quiet", "--no-checkout", ROOT, clone], ROOT)
    run(["git", "checkout", "--quiet", "--detach", commit], clone)
    known = environment(place, clone, home)
    used = run([PYTHON, "-c", WHERE], clone, known)
    if not Path(used).is_relative_to(clone):
        raise NotReproducible(f"{clone}: would be built by {used}, not by its own code")
    command = [PYTHON, "-m", "livingmeta"]
    run([*command, "build", "--jobs", str(place.jobs)], clone, known)
    for name in run([PYTHON, "-c", FORMATS], clone, known).split():
        run([*command, "export", "--format", name, "--to", clone / EXPORTS / name], clone, known)
    return clone


def main() -> int:
    """Build twice, compare, say what was found; return 1 when anything differs."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, ROOT / "pipelines" / "bootstrap.py", "book"], check=True)
    commit = run(["git", "rev-parse", "HEAD"], ROOT)
    if run(["git", "status", "--porcelain"], ROOT):
        print("what is not committed is not built")
    with tempfile.TemporaryDirectory(prefix="livingmeta-") as folder:
        one, other = (made(place, Path(folder).resolve(), commit) for place in PLACES)
        found = [*differing(one / SITE, other / SITE), *differing(one / EXPORTS, other / EXPORTS)]
        count = len(hashes(one / SITE)) + len(hashes(one / EXPORTS))
    if found:
        print(f"{len(found)} files differ between two builds of {commit[:10]}:", *found[:SHOWN], sep="\n")
        return 1
    print(f"{count} files, identical")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NotReproducible, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
