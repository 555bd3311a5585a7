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
from livingmeta.export.question_files import keep
from livingmeta.export.registry import FORMATS, files
from livingmeta.numbers import numbers, record_hash
from livingmeta.numbers import stamp as stamp_of
from livingmeta.releases import MANIFEST, find_release
from livingmeta.snapshots import now, of_release
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
    # Records of two machines may differ beyond the tenth digit: of JSON only first digits are changed.
    digit = r"(?<![\d.])\d" if text.startswith(("{", "[")) else r"\d"
    places = [found.start() for found in re.finditer(digit, text)]
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
            r"file (says .*, the release says|lacks it)|bytes differ|which is not known|not a JSON file", said
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
    for wrong in (text.replace(" ", " 1", 1), text.replace("HR", "OR"), text + "0", text[:-2] + ")"):
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
        ({"release": "../../etc"}, "looks like a stamp and cannot be read: [../../etc/"),
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


# Stamps that are broken, numbers in ordinary wording.


@pytest.mark.parametrize(
    "broken",
    [
        lambda mark: mark.replace("dialysis-", "dialysis-\n"),
        lambda mark: mark.replace("dialysis-", "dialysis-\n  "),
        lambda mark: mark.replace("magnesium", "mag-\nnesium"),
        lambda mark: mark.replace("magnesium", "mag\N{SOFT HYPHEN}nesium"),
        lambda mark: mark.replace("magnesium", "mag\\-nesium"),
        lambda mark: mark.replace("/", "/\N{ZERO WIDTH SPACE}"),
        lambda mark: mark.replace("/", "/\n"),
        lambda mark: f"{mark[:-4]}\n{mark[-4:]}",
        lambda mark: mark.replace("_", "_\N{WORD JOINER}"),
        lambda mark: mark.replace("_", ""),  # as the text of a PDF has it
    ],
)
@pytest.mark.parametrize("suffix", ["md", "docx"])
def test_a_stamp_broken_over_lines_is_read(broken, suffix, cited, stamp, asked):
    field = "common_effect"

    def paper(text):
        if suffix == "md":
            return f"# Title\n\nIt was {text}\n"
        lines = f"It was {text}".replace("\n", "<w:br/>").replace("\N{SOFT HYPHEN}", "<w:softHyphen/>")
        return zipped(
            {DOCUMENT: f"<w:document><w:p><w:r><w:t>{lines}</w:t></w:r></w:p></w:document>".encode()}
        )

    matches, said = asked(f"paper.{suffix}", paper(f"{cited[field]} {broken(stamp(field))}"))
    assert matches and f"matches release {VERSION}: {cited[field]}" in said, said
    wrong = tampered_text(cited[field], 0.5)
    assert not asked(f"paper.{suffix}", paper(f"{wrong} {broken(stamp(field))}"))[0]
    assert not asked(f"paper.{suffix}", paper(f"{cited[field]} {broken(stamp(field, digest='00000000'))}"))[0]


def test_the_releases_own_sentence_may_stand_before_its_stamp(released, asked):
    """The sentence of a zero cell ends with a ratio where the page leads with a difference."""
    state = of_release(find_release(released[0], VERSION))
    for name, record in state.records.items():
        for one in numbers(record):
            told = f"{one.sentence} {stamp_of(record, one.field, VERSION)}"
            matches, said = asked("paper.md", told)
            assert matches and "matches release" in said, f"{name}/{one.field}: {said}"
            last = re.search(r"\d(?=\D*$)", one.sentence)
            if last and len(one.sentence) > 80:
                wrong = f"{told[: last.start()]}{(int(last[0]) + 1) % 10}{told[last.end() :]}"
                assert "matches release" not in asked("paper.md", wrong)[1], wrong


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda mark: mark.replace("/estimate", " estimate"),
        lambda mark: mark.replace("/", "|"),
        lambda mark: mark.replace("dialysis-", "dialysis-\n")[:-2],
        lambda mark: f"{mark[:-3]} and so on",
        lambda mark: mark.replace("[2026.11.0/", "[ "),
    ],
)
def test_what_looks_like_a_stamp_is_never_passed_over(spoiled, cited, stamp, asked):
    text = f"Title\n\n{cited['estimate']} {stamp()}.\nAnd {spoiled(stamp())}\n"
    matches, said = asked("paper.md", text)
    assert not matches and "line 4: looks like a stamp and cannot be read" in said, said
    assert asked("paper.md", f"## [{VERSION}]\n\n[1] {cited['estimate']} {stamp()}\n")[0]


def test_a_stamp_needs_no_brackets(cited, stamp, run):
    assert run(stamp()[1:-1]).exit_code == 0
    assert run(f"{cited['estimate']} ({stamp()[1:-1]})").exit_code == 0
    assert run(f"{tampered_text(cited['estimate'], 0.5)} ({stamp()[1:-1]})").exit_code == 1


def test_where_no_number_stands_none_is_said_to_match(cited, stamp, evidence):
    report = verify(f"As the page says {stamp()}", evidence)
    assert report.matches
    said = f"the stamp is genuine; no number was compared; release {VERSION} says {cited['estimate']}"
    assert said in report.lines[0]
    one_more = int(cited["k"]) + 1
    first, rest = cited["estimate"].split(" (")
    for text in (
        f"In {one_more} trials {stamp('k')}",
        f"{tampered_text(first, 1)} ({rest[:-1]}; see {stamp()})",
        f"{tampered_text(cited['estimate'], 0)}. See {stamp()}",
        f"{tampered_text(cited['estimate'], 0)}\n\n{stamp()}",
    ):
        report = verify(text, evidence)
        assert not report.matches and "number not found before the stamp" in "".join(report.lines), text


WORDINGS = (
    *("({s} {e}, 95% CI {l} to {u})", "{s} {e} (95% confidence interval {l} to {u};", "{s} {e} ({l} to {u})"),
    *(
        "{s} {e} (95% CI {l}, {u})",
        "{e} [{l}; {u}]",
        "{s} = {e} (CI 95%: {l} to {u})",
        "{s} {e}, {l} to {u},",
    ),
    *(r"{s}~{e} (95\%~CI\,{l} to~{u})", "${s} = {e}$ (${l}$ to ${u}$)", "{s} {e} ({l} to {u}; p = 0.004)"),
)
MINUSES = ("−", "-", r"\ensuremath{-}", r"\textminus{}", "$-$")


@pytest.mark.parametrize("minus", MINUSES)
@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_numbers_are_compared_in_ordinary_wording(question, wording, minus, evidence):
    record = evidence.snapshot(VERSION).records[question]
    text = next(one.text for one in numbers(record) if one.field == "estimate")
    symbol, *values = re.findall(r"[A-Za-z]+|−?[\d.]+", text)
    mark = f"[{VERSION}/{question}/estimate#{record_hash(record)}]"

    def told(symbol, values):
        shown = [value.replace("−", minus) for value in values]
        return verify(f"{wording.format(s=symbol, e=shown[0], l=shown[1], u=shown[2])} {mark}", evidence)

    assert told(symbol, values).matches, told(symbol, values).lines
    for i, value in enumerate(values):
        wrongs = [value + "0", f"−{value}" if value[0] != "−" else value[1:]]
        wrongs += [value[:j] + other(c) + value[j + 1 :] for j, c in enumerate(value) if c.isdigit()]
        for wrong in wrongs:
            report = told(symbol, [*values[:i], wrong, *values[i + 1 :]])
            assert not report.matches, (wrong, report.lines)
            assert wrong.replace("−", "-" if minus == "-" else "−") in report.lines[0]
    if "{s}" in wording:
        assert not told("RR", values).matches
    assert (
        "95%" not in wording
        or not verify(
            f"{wording.replace('95%', '99%').format(s=symbol, e=values[0], l=values[1], u=values[2])} {mark}",
            evidence,
        ).matches
    )


def test_words_deleted_from_a_word_file_are_not_read(cited, stamp, asked):
    gone = f"<w:delText>{tampered_text(cited['estimate'], 0)}</w:delText>"
    text = f"{gone}<w:t>{cited['estimate']} {stamp()}</w:t>"
    assert asked("paper.docx", zipped({DOCUMENT: f"<w:document><w:p>{text}</w:p></w:document>".encode()}))[0]


# Pictures of the site, macros, several releases.


def test_a_chart_downloaded_from_the_site_is_known(tmp_path, asked):
    project = checkout(tmp_path / "site")
    today = now(project)
    keep(today.analyses[QUESTION], today.studies, project)
    path = project.records / f"{QUESTION}.forest.svg"
    for name in (path.name, "renamed.svg"):
        matches, said = asked(name, path.read_bytes())
        assert (
            matches
            and f"matches release {VERSION}: says the same as its api/v1/questions/{path.name}" in said
        )
        for share in (0.3, 0.6, 0.9):
            assert not asked(name, tampered(path.read_bytes(), share))[0]
    text = path.read_text()
    number = re.search(r">[^<>]*?(\d)[^<>]*</text>", text)
    matches, said = asked(path.name, text[: number.start(1)] + other(number[1]) + text[number.end(1) :])
    assert not matches and "the release says" in said


def test_a_chart_of_other_numbers_is_not_drawn(tmp_path, evidence, monkeypatch):
    monkeypatch.setattr("livingmeta.verify.pictures.question_record", lambda analysis: {"k": 1})
    path = tmp_path / f"{QUESTION}.forest.svg"
    path.write_text("<svg></svg>")
    report = verify(str(path), evidence)
    assert not report.matches and f"check out the tag v{VERSION}" in report.lines[0]


MACRO = r"\lm" + "".join(word.capitalize() for word in QUESTION.split("-"))


@pytest.fixture
def manuscript(released, asked, tmp_path):
    """Return what is said of a manuscript with livingmeta.tex beside it, changed or not."""

    def of(text, change=lambda text: text, folder="."):
        made = released[1]["tex"]["livingmeta.tex"].decode()
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "livingmeta.tex").write_text(change(made))
        return asked("paper.tex", text)

    return of


@pytest.mark.parametrize("call", [r"\input{livingmeta}", r"\input{livingmeta.tex}", r"\include{livingmeta}"])
def test_a_manuscript_may_print_numbers_by_macros(call, manuscript):
    text = f"{call}\n% \\lmNothing\nIt was {MACRO}Estimate{{}} {MACRO}EstimateStamp.\n"
    matches, said = manuscript(text)
    assert matches and "livingmeta.tex: matches release" in said and "all 2 macros that it uses" in said, said
    matches, said = manuscript(text, lambda made: made.replace("HR 1", "HR 2", 1))
    assert not matches and "the release says" in said
    matches, said = manuscript(text.replace("EstimateStamp", "EstimateStmp"))
    assert not matches and f"line 3: {MACRO}EstimateStmp is not defined" in said
    assert not manuscript(f"{call}\nIt was 9.99 {MACRO}EstimateStamp.\n")[0]
    assert not manuscript(f"{text}\\renewcommand{{{MACRO}Estimate}}{{HR 9}}\n")[0]


def test_macros_may_lie_in_a_folder_or_nowhere(manuscript, asked):
    assert manuscript(f"\\input{{x/livingmeta.tex}} {MACRO}K", folder="x")[0]
    for text in (f"\\input{{y/livingmeta}} {MACRO}K", f"{MACRO}K"):
        matches, said = asked("paper.tex", text)
        assert not matches and "verify the livingmeta.tex" in said


def test_macros_pasted_into_a_manuscript_are_compared(released, asked):
    made = released[1]["tex"]["livingmeta.tex"].decode()
    some = [line for line in made.split("\n") if re.search(r"lmVersion\}|Estimate(Value|Stamp)?\}", line)]
    text = "\n".join([*some, *(f"word{i}" for i in range(2000)), f"{MACRO}Estimate"])
    matches, said = asked("paper.tex", text)
    assert matches and f"macros are those of release {VERSION}" in said, said
    assert not asked("paper.tex", text.replace("{HR 1", "{HR 2", 1))[0]
    assert not asked("paper.tex", f"{text} is 9.99 {MACRO}EstimateStamp")[0]


def test_a_file_that_several_releases_hold_names_all_of_them(tmp_path):
    project = checkout(tmp_path / "checkout")
    freeze(project)
    freeze(project, "2026.12.0")
    path = project.data / "releases" / VERSION / "counts.json"
    report = verify(str(path), Evidence(project))
    assert report.matches and f"matches releases {VERSION}, 2026.12.0: byte for byte their" in report.lines[0]


def test_the_verdict_comes_first_and_todays_numbers_are_few(tmp_path, cited, stamp, asked):
    first = asked("paper.md", f"{cited['k']} {stamp('k')}\n9 {stamp('k')}\n")[1].split("\n")[0]
    assert "1 of 2 findings do not match" in first
    project = checkout(tmp_path / "checkout")
    freeze(project)
    for path in project.questions.glob("*.yml"):
        path.write_text(re.sub(r"(?m)^level: 95", "level: 80", path.read_text()))
    results = project.data / "releases" / VERSION
    own = Evidence(project)
    lines = verify(str(results / "results" / f"{QUESTION}.json"), own).lines
    assert "matches release" in lines[0] and len(lines) > 1
    assert not any(QUESTIONS[1] in line for line in lines)
    changed = [line for line in verify(str(results / "estimates.json"), own).lines if "was" in line]
    assert 0 < len(changed) <= 8


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


def test_bytes_that_look_like_a_stamp_by_chance_name_no_release(asked):
    noise = "[\N{VULGAR FRACTION ONE QUARTER}K/a-b/c#12345678]".encode("latin-1")
    picture = b"\x89PNG\r\n version unreleased. [unreleased/a-b/verdict#12345678] \0 " + noise
    assert "names no release (made from unreleased data" in asked("x.png", picture)[1]
