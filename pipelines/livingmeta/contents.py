"""The table of contents that Sphinx reads: `_toc.yml` with the question pages in the order of the book.

A pattern lists pages by the names of their files; a question file says where its page stands.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from livingmeta.files import write_if_changed
from livingmeta.paths import Project
from livingmeta.questions import PARTS, Question

PATTERN = "book/questions/{part}/*"
PATTERNS = tuple(PATTERN.format(part=part) for part in PARTS)


def write_contents(project: Project, questions: Sequence[Question]) -> None:
    """Write the table of contents beside the built site."""
    given = yaml.safe_load((project.root / "_toc.yml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(ordered(given, questions), sort_keys=False, allow_unicode=True)
    project.contents.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(project.contents, text)


def ordered(node: Any, questions: Sequence[Question]) -> Any:
    """Return a table of contents in which each pattern of question pages is a list of pages.

    Parameters
    ----------
    node : dict or list
        The table of contents, or a part of it.
    questions : sequence of Question
        In the order of the book.
    """
    if isinstance(node, dict):
        return {key: ordered(value, questions) for key, value in node.items()}
    if isinstance(node, list):
        return [entry for item in node for entry in _entries(item, questions)]
    return node


def _entries(item: Any, questions: Sequence[Question]) -> list[Any]:
    if not isinstance(item, dict) or "glob" not in item:
        return [ordered(item, questions)]
    if item["glob"] not in PATTERNS:
        return [item]
    listed = [one for one in questions if item["glob"] == PATTERN.format(part=one.part)]
    return [{"file": f"book/questions/{one.part}/{one.id}"} for one in listed]
