"""Does the LaTeX file hold every citable number, under names that LaTeX accepts, in text that it prints?"""

import re
import shutil
import subprocess
import warnings

import pytest

from exported import today, with_records
from livingmeta.export.macros import FILE, escaped, letters, macro_files, macros, tex
from livingmeta.export.provenance import whole_hash
from livingmeta.export.registry import ExportError
from livingmeta.numbers import number, numbers, stamp

DEFINITION = re.compile(r"\\newcommand\*\{\\([^}]*)\}\{(.*)\}%(?: (.*))?")
QUESTION, NAME = "iv-magnesium-ami-mortality", "lmIvMagnesiumAmiMortality"


@pytest.fixture(scope="module")
def text():
    return macro_files(today())[FILE].decode()


@pytest.fixture(scope="module")
def defined(text):
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    found = [DEFINITION.fullmatch(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {match[1]: (match[2], match[3]) for match in found}


def test_names_are_letters_and_each_is_there_once(text, defined):
    assert all(re.fullmatch("lm[A-Za-z]+", name) for name in defined)
    assert len(defined) == text.count(r"\newcommand*{")


def test_every_citable_number_has_text_sentence_and_stamp(defined):
    for name, record in today().records.items():
        for one in numbers(record):
            macro = "lm" + letters(name, one.field)
            assert defined[macro][0] == escaped(one.text)
            assert defined[f"{macro}Sentence"][0] == escaped(one.sentence)
            shown = defined[f"{macro}Stamp"][0]
            assert shown.replace(r"\allowbreak{}", "") == escaped(stamp(record, one.field))
            assert shown.count(r"\allowbreak{}") == 2


def test_the_comment_is_the_number_at_double_precision(defined):
    lead = number(today().records[QUESTION], "verdict").values
    parts = {"Value": "estimate", "Lower": "ci_lower", "Upper": "ci_upper"}
    assert {part: float(defined[f"{NAME}Verdict{part}"][1]) for part in parts} == {
        part: lead[key] for part, key in parts.items()
    }
    tau2 = number(today().records[QUESTION], "tau2").values["tau2"]
    assert defined[f"{NAME}TauTwo"][1] == f"tau2 = {tau2!r}"


def test_the_whole_is_named(text, defined):
    assert defined["lmVersion"][0] == "unreleased" and defined["lmDate"][0] == today().identity.date
    assert defined["lmCommit"][0] == today().identity.commit and defined["lmHash"][0] == whole_hash(today())
    head = [line for line in text.splitlines() if line.startswith("% ")]
    for said in ("release: unreleased", "commit: ", "hash: ", "date: ", "livingmeta verify"):
        assert any(said in line for line in head), said


def test_braces_are_balanced_and_nothing_special_is_bare(defined):
    for name, (body, _) in defined.items():
        bare = re.sub(r"\\[%&_#${}]", "", body)
        depth = 0
        for char in bare:
            depth += {"{": 1, "}": -1}.get(char, 0)
            assert depth >= 0, name
        assert depth == 0, name
        assert not re.search(r"[%&_#$^~<>|−–]", bare), body


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("iv-magnesium-ami-mortality", "tau2"), "IvMagnesiumAmiMortalityTauTwo"),
        (("question-10", "k"), "QuestionOneZeroK"),
        (("a", "prediction_interval"), "APredictionInterval"),
    ],
)
def test_digits_are_spelled_out_and_words_begin_with_a_capital(words, name):
    assert letters(*words) == name


@pytest.mark.parametrize(
    ("plain", "latex"),
    [
        ("50% & #1_a {b} $5", r"50\% \& \#1\_a \{b\} \$5"),
        ("−0.36 (−0.58, 1–2)", r"\ensuremath{-}0.36 (\ensuremath{-}0.58, 1--2)"),
        ("τ² = 0.1, I² and 10⁻", r"tau\textsuperscript{2} = 0.1, I\textsuperscript{2} and 10[U+207B]"),
        ("a \\ b ~ c ^ d", r"a \textbackslash{} b \textasciitilde{} c \textasciicircum{} d"),
        ('he said "no" <b>', r"he said ``no'' \textless{}b\textgreater{}"),
        ("Thögersen", "Thögersen"),
        ("x\ny\u4e2d", "x y[U+4E2D]"),
    ],
)
def test_text_is_escaped(plain, latex):
    assert escaped(plain) == latex


def test_two_questions_with_one_name_are_named_both():
    record = today().records[QUESTION]
    twins = [{**record, "id": name} for name in ("trial-1", "trial-one")]
    with pytest.raises(ExportError, match=r"trial-1 k and trial-one k"):
        tex(with_records(*twins))


def test_the_same_snapshot_gives_the_same_bytes():
    again = with_records(*reversed(list(today().records.values())))
    assert macro_files(again) == macro_files(today())


def compiled(folder, body):
    """Return what pdflatex made of a document with this body, None where there is no pdflatex."""
    program = shutil.which("pdflatex")
    if program is None:
        warnings.warn("not compiled: no pdflatex", stacklevel=2)
        return None
    document = f"\\documentclass{{article}}\n{body}"
    (folder / "paper.tex").write_text(document, encoding="utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)


def test_a_document_uses_every_macro_once(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    used = "\n\n".join(f"\\{macro.name}{{}} end." for macro in macros(today()))
    done = compiled(tmp_path, f"\\input{{livingmeta}}\n\\begin{{document}}\n{used}\n\\end{{document}}\n")
    if done is not None:
        log = (tmp_path / "paper.log").read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, log[-3000:]
        assert "Missing character" not in log and (tmp_path / "paper.pdf").stat().st_size > 10_000


def test_every_escape_is_known_to_latex(tmp_path):
    from livingmeta.export.macros import ESCAPES, SUBSCRIPTS, SUPERSCRIPTS

    shown = escaped("".join([*ESCAPES, *SUBSCRIPTS, *SUPERSCRIPTS, "äöüÿčŁ é"]))
    done = compiled(tmp_path, f"\\begin{{document}}\n{shown}\n\\end{{document}}\n")
    if done is not None:
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]


def test_a_name_that_is_taken_stops_latex(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    body = "\\newcommand{\\lmVersion}{mine}\\input{livingmeta}\\begin{document}x\\end{document}\n"
    done = compiled(tmp_path, body)
    if done is not None:
        assert done.returncode != 0
        assert b"lmVersion already defined" in done.stdout.replace(b"\n", b"")
