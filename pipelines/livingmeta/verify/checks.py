"""The answer to `livingmeta verify`: what matches the release it names, what does not, and what is today."""

import hashlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livingmeta.numbers import numbers
from livingmeta.releases import UNRELEASED, VERSION, ReleaseError
from livingmeta.verify import macros
from livingmeta.verify.comparison import ABSENT, differences, likeness, numerals
from livingmeta.verify.comparison import said as differing
from livingmeta.verify.evidence import (
    Evidence,
    Reference,
    commit_named,
    is_unreleased,
    named_releases,
)
from livingmeta.verify.inside import numbers_inside, stamps_inside, structured
from livingmeta.verify.reading import MOST_BYTES, Content, VerifyError, read
from livingmeta.verify.stamps import FORM, stamps

COPY, COPY_OF_THAT_NAME = 0.5, 0.1  # likeness from which a file is taken for a copy of another one
MOST_LINES = 200
MOST_RELEASES = 8  # that one file is held against
MOST_MOVED = 8
STAMP_FORM = f"a stamp reads {FORM}"


class UsageFault(VerifyError):
    """What was given is neither a file nor a stamp."""


@dataclass(frozen=True)
class Report:
    """What was found, line by line, and whether all of it matches."""

    lines: tuple[str, ...]
    matches: bool


def verify(target: str, evidence: Evidence) -> Report:
    """Hold a file or a stamp against the release that it names.

    Parameters
    ----------
    target : str
        Path of a file of any format, or a text with stamps in it.
    evidence : Evidence
        The releases of a checkout; what is read of them is kept for the next file.

    Raises
    ------
    UsageFault
        When it is neither.
    """
    path = _path(target)
    try:
        if path is not None:
            return _of_file(path, evidence)
        found = stamps_inside(Content("text", target.encode("utf-8", "replace")), evidence)
        if not found:
            raise UsageFault(f"{target[:200]!r}: there is no such file, and no stamp in it; {STAMP_FORM}")
        return _report("", found)
    except UsageFault:
        raise
    except OSError as error:
        raise UsageFault(f"{target}: cannot be read: {error.strerror or error}") from None
    except (VerifyError, ReleaseError) as error:
        return Report((str(error),), False)
    except (RecursionError, MemoryError):
        return Report((f"{target[:200]}: nested too deeply, or too large, to be read",), False)


def _path(target: str) -> Path | None:
    try:
        mode = Path(target).stat().st_mode
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise UsageFault(f"{target}: is {kind}; give one file, or a stamp")
    return Path(target)


def _of_file(path: Path, evidence: Evidence) -> Report:
    digest, content = read(path)
    if digest in evidence.digests and (content is None or content.raw):
        version, said = _equal(evidence.digests[digest], "byte for byte")
        today = todays(content, version, evidence) if content else ()
        return Report((f"{path}: {said}", *today), True)
    if content is None:
        said = f"is none of a release's files, and larger than the {MOST_BYTES:,} bytes that are read"
        return Report((f"{path}: {said}",), False)
    if not content.raw:
        return Report((f"{path}: is empty: there is nothing to verify",), False)
    names = macros.used(content)
    found = _by_macros(path, content, names, evidence) if names else check(content, evidence)
    return _report(str(path), found)


def _equal(found: Mapping[str, str], how: str, but: str = "") -> tuple[str, str]:
    """Return the newest of the releases that have a file, and words that name all of them."""
    version, name = list(found.items())[-1]
    which = (
        f"release {version}: {how} its" if len(found) == 1 else f"releases {', '.join(found)}: {how} their"
    )
    return version, f"matches {' '.join(which.split())} {name}{but}"


Findings = list[tuple[bool, str]]


def _report(name: str, found: Findings) -> Report:
    """Return findings as lines, those that do not match first where there are too many."""
    matches = bool(found) and all(ok for ok, _ in found)
    shown = sorted(found, key=lambda one: one[0]) if len(found) > MOST_LINES else found
    lines = [f"{name}: {said}" if name else said for _, said in shown[:MOST_LINES]]
    wrong = sum(not ok for ok, _ in found)
    if len(found) > 1:
        verdict = (
            f"{wrong:,} of {len(found):,} findings do not match"
            if wrong
            else f"matches: all {len(found):,} findings"
        )
        lines.insert(0, f"{name}: {verdict}" if name else verdict)
    if len(found) > MOST_LINES:
        lines.append(f"and {len(found) - MOST_LINES:,} more; {wrong:,} of {len(found):,} do not match")
    return Report(tuple(lines), matches)


def check(content: Content, evidence: Evidence) -> Findings:
    """Return whether what a file says matches, and what it says, in words.

    A copy of a release's file is compared with it; any other text is searched for stamps.
    """
    if content.kind not in ("bytes", "zip", "docx"):
        digest = hashlib.sha256(content.normal).hexdigest()
        if digest in evidence.digests:
            but = ", but for line endings or a byte order mark"
            version, said = _equal(evidence.digests[digest], "", but)
            return [(True, _with(said, todays(content, version, evidence)))]
    known = {release.version for release in evidence.releases}
    named = named_releases(content)
    others = _stamped(content) - {UNRELEASED}
    if not named and not others and is_unreleased(content):
        return [(False, _unreleased(content))]
    references, faults = _alike(content, [version for version in named if version in known], evidence)
    if references:
        return _compared(content, references, faults, evidence)
    if faults:
        return [(False, fault) for fault in faults]
    unknown = [version for version in named if version not in known]
    return (
        _members(content, evidence)
        or _of_definitions(content, named, evidence)
        or numbers_inside(content, evidence)
        or [(False, _nothing(content, named, unknown, evidence))]
    )


def _stamped(content: Content) -> set[str]:
    """Return the releases of a file's stamps; bytes that look like one by chance name no version."""
    found = {stamp.release for stamp in stamps(content.text)}
    if content.kind == "bytes":
        return {release for release in found if release == UNRELEASED or VERSION.fullmatch(release)}
    return found


def _by_macros(path: Path, content: Content, names: Mapping[str, list[int]], evidence: Evidence) -> Findings:
    """Return what is found in a manuscript that prints numbers by macros, and in the file of these."""
    file = macros.input_file(path, content)
    if file is None:
        said = (
            f"uses macros of a release ({len(names)}, the first {_called(min(names))}), and takes in no "
            f"{macros.FILE} that lies where it says: verify the {macros.FILE} that it is printed with"
        )
        return [(False, said), *stamps_inside(content, evidence)]
    given = read(file)[1]
    report = _of_file(file, evidence)
    known = macros.definitions(given.text) if given is not None else {}
    found: Findings = [(report.matches, "\n".join(report.lines)), *_unknown(names, known, file)]
    own = macros.definitions(content.text)
    found += [(False, f"{_called(name)} is defined anew in it") for name in sorted(own.keys() & known.keys())]
    printed = macros.expanded(content.text, known)
    return found + stamps_inside(Content(content.base, printed.encode()), evidence)


def _unknown(names: Mapping[str, list[int]], known: Mapping[str, str], file: Path) -> Findings:
    missing = {name: lines for name, lines in names.items() if name not in known}
    if not missing:
        return [(True, f"all {len(names)} macros that it uses are defined in {file}")]
    return [
        (False, f"line {lines[0]}: {_called(name)} is not defined in {file}")
        for name, lines in missing.items()
    ]


def _of_definitions(content: Content, named: list[str], evidence: Evidence) -> Findings:
    """Return what is found in a text that holds macros of a release among other things."""
    own = macros.definitions(content.text) if content.kind == "text" else {}
    if not own:
        return []
    version = own.get("lmVersion") or next(iter(named), "")
    if version not in {release.version for release in evidence.releases}:
        fault = f"defines macros of release {version or '(not named)'}, which is not known"
        return [(False, f"{fault}; there are: {evidence.known()}"), *numbers_inside(content, evidence)]
    known = macros.definitions(evidence.macro_file(version))
    found: Findings = [
        (False, differing(_called(name), own[name], known.get(name, ABSENT)))
        for name in macros.changed(own, known)
    ]
    same = [(True, f"its {len(own)} macros are those of release {version}")]
    printed = macros.expanded(content.text, own)
    return [*(found or same), *stamps_inside(Content(content.base, printed.encode()), evidence)]


def _called(name: str) -> str:
    return f"\\{name}"


def _with(said: str, lines: Iterable[str]) -> str:
    return "\n".join([said, *lines])


def _alike(content: Content, versions: list[str], evidence: Evidence) -> tuple[list[Reference], list[str]]:
    """Return the files of releases that a file may be a copy of, the likest first; what stood in the way."""
    silent = [r.version for r in reversed(evidence.releases) if not versions]
    found: list[tuple[float, Reference]] = []
    faults = []
    for version in (versions or silent)[:MOST_RELEASES]:
        try:
            found += _alike_in(version, content, evidence)
        except VerifyError as error:
            faults.append(str(error))
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])], faults


def _alike_in(version: str, content: Content, evidence: Evidence) -> Iterator[tuple[float, Reference]]:
    for one in evidence.references(version, content):
        same_name = one.content.base == content.base
        like = 1.0 if same_name and content.kind == "bytes" else likeness(content, one.content)
        if like >= (COPY_OF_THAT_NAME if same_name else COPY):
            yield like + same_name, one


def _compared(
    content: Content, references: list[Reference], faults: list[str], evidence: Evidence
) -> Findings:
    reference = references[0]
    version, name = reference.release, reference.name
    found = differences(content, reference.content)
    today = todays(content, version, evidence)
    if not found:
        same = [one for one in references if one.content.raw == reference.content.raw]
        newest, said = _equal({one.release: one.name for one in reversed(same)}, "says the same as")
        return [(True, _with(said, todays(content, newest, evidence)))]
    decided = _decided(content, reference, evidence)
    if decided:
        return decided
    said = f"does not match release {version}, compared with its {name}"
    if not reference.frozen:
        if numerals(content) == numerals(reference.content):
            same_numbers = f"matches release {version}: the numbers of its {name}, in other words"
            return [(True, _with(same_numbers, today))]
        said += " as today's software makes it (the software of that release makes the release's own bytes)"
    listed = [f"  {one}" for one in [*found, *faults]]
    return [(False, _with(f"{said}:", [*listed, *today]))]


def _decided(content: Content, reference: Reference, evidence: Evidence) -> Findings:
    """Return what was found of the numbers in a file that may well be arranged otherwise.

    Records carry a hash over all of them. Rows with stamps are looked at only where the release's own
    bytes are not at hand: other columns than the number's are not compared.
    """
    other_name = content.base != reference.content.base
    by_number = content.kind == "json" and (other_name or not reference.frozen)
    by_number = by_number or (content.kind == "csv" and not reference.frozen)
    return structured(content, evidence) if by_number else []


def _members(content: Content, evidence: Evidence) -> Findings:
    """Return what is found in each file of a ZIP file that is no copy of a release's."""
    if content.kind != "zip":
        return []
    found: Findings = []
    for name, raw in sorted(content.members.items()):
        digest = hashlib.sha256(raw).hexdigest()
        if digest in evidence.digests:
            found.append((True, f"{name}: {_equal(evidence.digests[digest], 'byte for byte')[1]}"))
            continue
        member = Content(name, raw)
        if member.kind == "zip":
            found.append((False, f"{name}: is none of a release's files"))
        else:
            found += [(ok, f"{name}: {said}") for ok, said in check(member, evidence)]
    return found


def _unreleased(content: Content) -> str:
    commit = commit_named(content)
    where = f" at commit {commit}" if commit else ""
    return f"names no release (made from unreleased data{where}): cannot be held against a release"


def _nothing(content: Content, named: list[str], unknown: list[str], evidence: Evidence) -> str:
    if unknown:
        return f"names release {', '.join(unknown)}, which is not known; there are: {evidence.known()}"
    if named:
        return (
            f"does not match release {', '.join(named)}: it is a copy of none of its files, "
            "and no stamp was found in it"
        )
    if content.kind == "bytes":
        return "is none of a release's files and names no release; stamps are read from text, DOCX and LaTeX"
    return f"names no release, and no stamp was found in it; {STAMP_FORM}"


def todays(content: Content, version: str, evidence: Evidence) -> Iterator[str]:
    """Yield what today says of the numbers of the questions that a file names."""
    frozen: Mapping[str, Any] = evidence.snapshot(version).records
    named = [(name, one) for name in _questions(content, frozen) for one in numbers(frozen[name])]
    if not named:
        return
    if evidence.now is None:
        yield "today: cannot be worked out from the data of this checkout; run: livingmeta check"
        return
    moved = []
    for name, one in named:
        now = evidence.today(name, one.field)
        if now is None or now.text != one.text:
            moved.append(
                f"today: {name}, {one.field}: {now.text if now else 'no such number'}, was {one.text}"
            )
    yield from moved[:MOST_MOVED]
    if len(moved) > MOST_MOVED:
        yield f"today: ... and {len(moved) - MOST_MOVED} more"
    yield f"today: {len(named) - len(moved)} of {len(named)} numbers of the questions in it are unchanged"


def _questions(content: Content, names: Iterable[str]) -> list[str]:
    """Return the questions of a file: the one that it is called after, else those that it names."""
    own = [name for name in names if content.base.startswith(f"{name}.")]
    text = content.text
    return own or [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
