"""Does a cited number, or a file, say what the release that it names says?"""

import io
import json
import re
import zipfile
from pathlib import PurePosixPath

import pytest
from click.testing import CliRunner

from frozen import QUESTIONS, VERSION, checkout, freeze
from livingmeta.cli import main
from livingmeta.export.registry import FORMATS, files
from livingmeta.numbers import numbers, record_hash
from livingmeta.releases import MANIFEST
from livingmeta.snapshots import now
from livingmeta.verify import Evidence, UsageFault, verify

QUESTION = QUESTIONS[0]
DOCUMENT = "word/document.xml"
WHAT_DIFFERS = r"file says .*, the release says|bytes differ|which is not known|not a JSON file"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    project = checkout(tmp_path_factory.mktemp("verify") / "checkout")
    exports = freeze(project, formats=FORMATS)
    return project, exports


@pytest.fixture(scope="module")
def evidence(released):
    return Evidence(released[0])


@pytest.fixture
def asked(evidence, tmp_path):
    """Return what is said of a file with this name and content."""

    def of(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        report = verify(str(path), evidence)
        return report.matches, "\n".join(report.lines)

    return of


@pytest.fixture(scope="module")
def record(evidence):
    return evidence.snapshot(VERSION).records[QUESTION]


@pytest.fixture
def stamp(record):
    own = record_hash(record)

    def of(field="estimate", release=VERSION, question=QUESTION, digest=own):
        return f"[{release}/{question}/{field}#{digest}]"

    return of


@pytest.fixture
def cited(record):
    return {one.field: one.text for one in numbers(record)}


# What each kind of file looks like with one digit changed.


def other(digit: str) -> str:
    return str(int(digit) % 9 + 1)


def tampered_text(text: str, share: float) -> str:
    """Return a text in which one digit, so far into it, is another one."""
    places = [found.start() for found in re.finditer(r"\d", text)]
    at = places[int(share * (len(places) - 1))]
    return text[:at] + other(text[at]) + text[at + 1 :]


def tampered_document(text: str, share: float) -> str:
    """Return the XML of a document in which a digit that a reader sees is another one."""
    places = [found.start(1) for found in re.finditer(r"<w:t\b[^>]*>[^<]*?(\d)", text)]
    at = places[int(share * (len(places) - 1))]
    return text[:at] + other(text[at]) + text[at + 1 :]


def zipped(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return made.getvalue()


def unzipped(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tampered(raw: bytes, share: float) -> bytes:
    if raw.startswith((b"\x89PNG", b"%PDF")):
        at = len(raw) // 2 + int(share * 20)
        return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
    if raw.startswith(b"PK"):
        members = unzipped(raw)
        names = [name for name, text in members.items() if re.search(rb"\d", text) and b"\0" not in text]
        name = DOCUMENT if DOCUMENT in members else names[int(share * (len(names) - 1))]
        change = tampered_document if name == DOCUMENT else tampered_text
        return zipped({**members, name: change(members[name].decode(), share).encode()})
    return tampered_text(raw.decode(), share).encode()


def chosen(made: dict[str, bytes]) -> list[str]:
    """Return two files of a format, the first and the last: they are of one make."""
    with_digits = [name for name, raw in made.items() if re.search(rb"\d", raw)]
    return sorted({with_digits[0], with_digits[-1]})


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_as_it_was_made_matches(kind, released, asked):
    for name, raw in released[1][kind].items():
        matches, said = asked(PurePosixPath(name).name, raw)
        assert matches, said
        assert f"matches release {VERSION}: byte for byte its " in said


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("kind", FORMATS)
def test_one_changed_digit_is_found_in_every_format(kind, share, released, asked):
    made = released[1][kind]
    for name in chosen(made):
        base = PurePosixPath(name).name
        matches, said = asked(base, tampered(made[name], share))
        assert not matches, f"{kind}/{name}"
        assert base in said
        assert re.search(
            r"file says .*, the release says|bytes differ|which is not known|not a JSON file", said
        ), said


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_downloads_of_a_question_are_known_too(suffix, released, asked):
    path = released[0].root / "data" / "releases" / VERSION / "results" / f"{QUESTION}.{suffix}"
    assert asked(path.name, path.read_bytes())[0]
    for share in (0.1, 0.5, 0.9):
        matches, said = asked(path.name, tampered(path.read_bytes(), share))
        assert not matches and "the release says" in said, said


def test_a_changed_digit_is_said_with_its_path(record, asked):
    changed = {**record, "display": {**record["display"], "estimate": 1.25}}
    said = asked(f"{QUESTION}.json", json.dumps(changed))[1]
    assert (
        f"/display/estimate: the file says 1.25, the release says {record['display']['estimate']!r}" in said
    )


def test_a_changed_cell_is_said_with_row_and_column(released, asked):
    path = released[0].root / "data" / "releases" / VERSION / "results" / f"{QUESTION}.csv"
    lines = path.read_text().split("\n")
    column = lines[0].split(",").index("estimate")
    value = next(cell for cell in lines[1].split(",")[column:] if re.fullmatch(r"[\d.]+", cell))
    lines[1] = lines[1].replace(f",{value},", ",7.77,", 1)
    matches, said = asked("renamed.csv", "\n".join(lines))
    assert not matches
    assert re.search(rf"row 2, column \w+: the file says 7\.77, the release says {re.escape(value)}", said), (
        said
    )


@pytest.mark.parametrize("change", [lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t])
def test_line_endings_alone_do_no_harm(change, released, asked):
    text = released[1]["r"]["reproduce.R"].decode()
    matches, said = asked("reproduce.R", change(text))
    assert matches and "but for line endings" in said


def test_a_copy_under_another_name_is_known(released, asked):
    matches, said = asked("copy.R", tampered(released[1]["r"]["reproduce.R"], 0.5))
    assert not matches and re.search(r"line \d+: the file says .*, the release says", said)


def test_numbers_decide_where_todays_software_writes_otherwise(tmp_path, evidence):
    project = checkout(tmp_path / "checkout")
    freeze(project)
    path = project.root / "data" / "releases" / VERSION / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["exports"] = dict.fromkeys(manifest["exports"], "0" * 64)
    path.write_text(json.dumps(manifest))
    own = Evidence(project)
    record = own.snapshot(VERSION).records[QUESTION]
    file = tmp_path / "records.json"
    file.write_text(json.dumps({"made": "otherwise", "questions": {QUESTION: record}}))
    assert verify(str(file), own).matches
    file.write_text(json.dumps({"questions": {QUESTION: {**record, "k": record["k"] + 1}}}))
    report = verify(str(file), own)
    assert not report.matches and "/k: the file says" in "\n".join(report.lines)


# Stamps.


def test_every_number_of_a_release_matches_its_stamp(cited, stamp, evidence):
    for field, text in cited.items():
        report = verify(f"{text} {stamp(field)}", evidence)
        assert report.matches, report.lines
        assert f"matches release {VERSION}: {text}" in report.lines[0]
        assert f"today: {text}, unchanged" in report.lines[0]


def test_a_stamp_alone_is_enough(stamp, evidence, cited):
    report = verify(stamp(), evidence)
    assert report.matches and cited["estimate"] in report.lines[0]


def test_today_may_say_something_else(tmp_path, cited, stamp):
    project = checkout(tmp_path / "checkout")
    freeze(project)
    path = project.questions / f"{QUESTION}.yml"
    path.write_text(re.sub(r"(?m)^level: 95", "level: 80", path.read_text()))
    report = verify(f"{cited['estimate']} {stamp()}", Evidence(project))
    assert report.matches
    assert re.search(r"today: .*, changed", report.lines[0])


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace("–", "-"),
        lambda text: text.replace("–", " to "),
        lambda text: text.replace("–", "--").replace(" ", "~"),
        lambda text: text.replace(" ", "\N{NO-BREAK SPACE}"),
        lambda text: text.replace(" ", "\n"),
        lambda text: text.replace(" (", "("),
        lambda text: text.partition(" ")[2],
        lambda text: f"**{text}**,",
    ],
)
def test_signs_and_blanks_may_be_written_otherwise(write, cited, stamp, evidence):
    assert verify(f"so it was {write(cited['estimate'])} {stamp()}", evidence).matches


def test_any_other_digit_is_found(cited, stamp, evidence):
    text = cited["estimate"]
    for at in (i for i, char in enumerate(text) if char.isdigit()):
        report = verify(f"{text[:at]}{other(text[at])}{text[at + 1 :]} {stamp()}", evidence)
        assert not report.matches
        assert f"the release says {text}" in report.lines[0]
    for wrong in (text.replace(" ", " 1", 1), text.replace("HR", "OR"), text + "0", text[:-1]):
        assert not verify(f"{wrong} {stamp()}", evidence).matches, wrong


def test_a_sign_is_not_overlooked(evidence):
    name = QUESTIONS[1]
    record = evidence.snapshot(VERSION).records[name]
    text = next(one.text for one in numbers(record) if one.field == "estimate")
    mark = f"[{VERSION}/{name}/estimate#{record_hash(record)}]"
    assert "−" in text
    for written in (
        text,
        text.replace("−", "-"),
        text.replace("−", "$-$"),
        text.replace("−", r"\textminus{}"),
    ):
        assert verify(f"{written} {mark}", evidence).matches, written
    assert not verify(f"{text.replace('−', '')} {mark}", evidence).matches
    assert not verify(f"{text.replace('−', '', 1)} {mark}", evidence).matches


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"release": "2031.01.0"}, "there is no release 2031.01.0; there are: 2026.11.0"),
        ({"release": "nonsense"}, "must read YYYY.MM.PATCH"),
        ({"release": "../../etc"}, "no such file"),
        ({"question": "no-such-question"}, f"it has no question no-such-question; it has {QUESTIONS[0]}"),
        ({"field": "no_such_field"}, "has no number no_such_field; it has verdict, estimate"),
        ({"digest": "00000000"}, "hash says 00000000, the release says"),
        ({"digest": ""}, "hash says , the release says"),
        ({"release": "unreleased"}, "names no release (made from unreleased data)"),
    ],
)
def test_a_stamp_that_names_nothing_says_what_is_wrong(change, said, stamp, evidence, cited):
    try:
        report = verify(f"{cited['estimate']} {stamp(**change)}", evidence)
    except UsageFault as fault:
        assert said in str(fault)
        return
    assert not report.matches and said in report.lines[0], report.lines


def test_stamps_of_a_manuscript_are_named_by_line(cited, stamp, asked):
    good, wrong = f"{cited['estimate']} {stamp()}", f"k = 99 {stamp('k')}"
    matches, said = asked("paper.md", f"# Title\n\nWe found {good}.\nOf {wrong}.\n")
    assert not matches
    assert re.search(r"line 3: .*: matches release", said)
    assert re.search(r"line 4: .*: does not match release .* k = 99 in the text, the release says \d+", said)
    assert asked("paper.md", f"We found {good}.\n")[0]


def test_a_manuscript_may_be_latex(cited, stamp, asked):
    text = cited["prediction_interval"].replace("–", "--")
    mark = stamp("prediction_interval").replace("_", r"\_").replace("#", r"\#")
    assert asked("paper.tex", f"% a paper\nIt was {text} {mark}.\n")[0]
    assert not asked("paper.tex", f"It was {tampered_text(text, 0.5)} {mark}.\n")[0]


@pytest.mark.parametrize("change", [lambda text: text, lambda text: tampered_text(text, 0.5)])
def test_a_manuscript_may_be_a_word_file(change, cited, stamp, asked):
    text = change(cited["estimate"])
    start, end = text[:4], text[4:]
    runs = (
        f"<w:p><w:r><w:t>{start}</w:t></w:r><w:r><w:t xml:space='preserve'>{end} {stamp()}</w:t></w:r></w:p>"
    )
    file = zipped({DOCUMENT: f"<w:document><w:body>{runs}</w:body></w:document>".encode()})
    assert asked("paper.docx", file)[0] == (text == cited["estimate"])


def test_a_file_of_unreleased_data_says_so(asked):
    matches, said = asked("numbers.csv", "release,value\nunreleased,1\n# commit: 1a2b3c4d5e\n")
    assert not matches
    assert "names no release (made from unreleased data at commit 1a2b3c4d5e)" in said


def test_the_form_of_a_stamp_is_no_stamp(asked, cited, stamp):
    said = "A stamp reads [release/question/field#hash]"
    assert asked("paper.md", f"{said}: {cited['estimate']} {stamp()}")[0]
    assert "no stamp was found" in asked("paper.md", said)[1]


@pytest.mark.parametrize("kind", FORMATS)
def test_exports_of_unreleased_data_are_held_against_no_release(kind, released, asked):
    made = files(kind, now(released[0]))
    for name in chosen(made):
        matches, said = asked(PurePosixPath(name).name, made[name])
        assert "names no release (made from unreleased data" in said or (matches and "byte for byte" in said)


IN_HEX = "version 2026.11.0".encode("utf-16-be").hex().encode()


@pytest.mark.parametrize("raw", [b"(version 2026.11.0)", b"<FEFF" + IN_HEX + b">"])
def test_a_pdf_file_of_another_name_is_at_least_told_its_release(raw, asked):
    matches, said = asked("other.pdf", b"%PDF-1.7\n\0 << /Subject " + raw + b" >>")
    assert not matches and "does not match release 2026.11.0" in said


# What nobody should send.


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("broken.zip", b"PK\x03\x04 nothing", "not a ZIP or DOCX file"),
        ("broken.docx", b"PK\x03\x04" + b"\0" * 500, "not a ZIP or DOCX file"),
        ("text.docx", b"not a document", "not a ZIP or DOCX file"),
        ("empty.zip", b"PK\x05\x06" + b"\0" * 18, "no stamp was found"),
        ("broken.json", b'{"release": "2026.11.0"', "not a JSON file"),
        ("deep.json", b"[" * 100_000, "not a JSON file"),
        ("latin.txt", "Größe".encode("latin-1"), "names no release"),
        ("nul.bin", b"\0" * 1000, "names no release"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is none of a release's files"),
        ("far.md", b"release 2031.01.0", "names release 2031.01.0, which is not known"),
        ("none.md", b"nothing in it", "no stamp was found"),
        ("wide.csv", b'release,"' + b"x" * 300_000 + b'"\n2026.11.0,1\n', "no stamp was found"),
    ],
)
def test_what_cannot_be_verified_does_not_match(name, content, said, asked):
    matches, found = asked(name, content)
    assert not matches
    assert name in found and said in found, found


def test_names_inside_a_zip_file_lead_nowhere(asked, tmp_path, released):
    raw = (released[0].root / "data" / "releases" / VERSION / "estimates.json").read_bytes()
    matches, said = asked("bad.zip", zipped({"../../evil.json": raw, "/etc/evil.md": b"release 2026.11.0"}))
    assert not matches and "../../evil.json: matches release" in said
    assert not list(tmp_path.parent.rglob("evil*"))


def test_a_bomb_is_not_unpacked(asked):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"0" * (80 * 2**20))
    matches, said = asked("bomb.zip", made.getvalue())
    assert not matches and "when unpacked" in said


def test_a_file_too_large_to_read_is_only_hashed(evidence, tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(70 * 2**20)
    report = verify(str(path), evidence)
    assert not report.matches and "larger than" in report.lines[0]


def test_very_many_stamps_are_still_read(cited, stamp, asked):
    text = "".join(f"{i} [2026.11.0/q{i}/estimate#00000000]\n" for i in range(3000))
    matches, said = asked("many.md", f"{text}{cited['estimate']} {stamp()}\n")
    assert not matches
    assert len(said.split("\n")) < 300 and "3,000 of 3,001 do not match" in said


def test_a_release_that_was_changed_is_no_evidence(tmp_path, stamp, cited):
    project = checkout(tmp_path / "checkout")
    freeze(project)
    path = project.root / "data" / "releases" / VERSION / "results" / f"{QUESTION}.json"
    path.write_text(path.read_text() + "\n")
    report = verify(f"{cited['estimate']} {stamp()}", Evidence(project))
    assert not report.matches and "is not as it was frozen" in report.lines[0]


def test_without_any_release_nothing_matches(tmp_path, stamp, cited):
    report = verify(f"{cited['estimate']} {stamp()}", Evidence(checkout(tmp_path / "checkout")))
    assert not report.matches and "there are: none yet" in report.lines[0]


# The command.


@pytest.fixture
def run(released, monkeypatch):
    monkeypatch.chdir(released[0].root)
    return lambda *arguments: CliRunner().invoke(main, ["verify", *arguments])


def test_exit_codes(run, cited, stamp, tmp_path):
    assert run(f"{cited['estimate']} {stamp()}").exit_code == 0
    assert run(f"{cited['k']}1 {stamp('k')}").exit_code == 1
    assert run(stamp(release="2031.01.0")).exit_code == 1
    for wrong in (
        "no-such-file.csv",
        str(tmp_path),
        "",
        "x" * 5000,
        "a\0b",
        "-1 (2)",
        "[a/b/c]",
        "/dev/null",
    ):
        done = run(wrong)
        assert done.exit_code == 2, (wrong, done.output)
        assert done.exception is None or isinstance(done.exception, SystemExit)
    assert run().exit_code == 2


def test_a_folder_of_a_release_is_no_file(run, released):
    folder = released[0].root / "data" / "releases" / VERSION
    done = run(str(folder))
    assert done.exit_code == 2 and "is a folder" in done.output


def test_nothing_is_written_into_the_checkout(released, asked, stamp, cited):
    root = released[0].root
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    asked("paper.md", f"{cited['estimate']} {stamp()}")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
