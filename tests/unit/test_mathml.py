"""Formulas become MathML and nothing else."""

import re

import pytest

from browser import ROOT
from livingmeta.mathml import setup, to_mathml


def test_inline_and_block():
    assert 'display="inline"' in to_mathml(r"\tau^2")
    assert 'display="block"' in to_mathml(r"\tau^2", display="block")


def test_surrounding_blanks_do_not_matter():
    assert to_mathml("\n x + y \n") == to_mathml("x + y")


def test_operators_are_escaped():
    assert "<mo>&#x0003C;</mo>" in to_mathml("p < 0.05")


@pytest.mark.parametrize("page", ["methods.md", "protocol.md"])
def test_every_formula_of_the_book_is_understood(page):
    text = (ROOT / "book" / page).read_text()
    formulas = re.findall(r"\$\$(.+?)\$\$|(?<!\$)\$([^$\n]+)\$(?!\$)", text, re.DOTALL)
    for block, inline in formulas:
        assert "\\" not in re.sub(r"<[^>]+>", "", to_mathml(block or inline))


def test_the_renderer_is_registered_under_its_name():
    class App:
        def add_html_math_renderer(self, name, inline, block):
            self.added = name, callable(inline[0]), callable(block[0])

    app = App()
    assert setup(app)["parallel_read_safe"]
    assert app.added == ("livingmeta", True, True)
