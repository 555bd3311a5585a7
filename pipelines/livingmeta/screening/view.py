"""A record in words: what it is, what it has to do with others, and its abstract where there is one."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from livingmeta.intake.kept import abstract_of
from livingmeta.intake.rows import BECAUSE, NOT_SCREENED, WORDS, plain
from livingmeta.schema import listed
from livingmeta.screening.desk import Desk
from livingmeta.table_files import Cells
from livingmeta.vocabulary import PENDING

# The kind of record that bears a relation, and how the other side of it is said.
BEARERS = {
    "retraction": ("retraction", "HAS A RETRACTION NOTICE:"),
    "concern": ("expression_of_concern", "HAS AN EXPRESSION OF CONCERN:"),
    "erratum": ("erratum", "has an erratum:"),
    "protocol": ("protocol", "has a protocol:"),
    "preprint": ("preprint", "has a preprint:"),
}
MOST_COPIES = 3  # copies that are named
NO_ABSTRACT = "No abstract at hand: it may be in the export that brought the record."


@dataclass(frozen=True)
class Target:
    """A row that a link names.

    Parameters
    ----------
    words : str
        It, as readers know it.
    kind : str
        What kind of record it is; empty where not recorded.
    study_id, record_id : str
        Its study, and its name in the screening where it has one.
    """

    words: str
    kind: str = ""
    study_id: str = ""
    record_id: str = ""


@dataclass(frozen=True)
class Linked:
    """One link of a record: the relation, the row as `table:key`, that row, and why."""

    relation: str
    key: str
    target: Target
    because: str = ""

    def text(self, row: Cells) -> str:
        """Return the link in words, from the side of a record."""
        bearer, reverse = BEARERS.get(self.relation, ("", ""))
        kind = row.get("record_type", "")
        is_other_side = bool(bearer) and kind != bearer and self.target.kind == bearer
        words = reverse if is_other_side else WORDS[self.relation][0]
        return f"{words} {self.target.words}" + (f" ({self.because})" if self.because else "")


class Reader:
    """Puts records into words from the tables as they are now."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        tables = {name: desk.table(name) for name in ("studies", "reports", "screening")}
        self.rows = {name: {table.key(row): row for row in table.rows} for name, table in tables.items()}

    def links(self, row: Cells) -> list[Linked]:
        """Return what a record has to do with others, as its own row says and as others say of it."""
        texts = listed(row.get("links", ""))
        reason = row.get("reason", "")
        whys = reason.removeprefix(BECAUSE).split("; ") if reason.startswith(BECAUSE) else []
        whys = whys if len(whys) == len(texts) else [""] * len(texts)
        found = []
        for text, why in zip(texts, whys, strict=True):
            relation, _, key = text.partition(" ")
            if relation in WORDS:
                found.append(Linked(relation, key, self.target(key), why))
        return found

    def target(self, key: str) -> Target:
        """Return the row that a link names, or what the link says where the row is gone."""
        table, _, name = key.partition(":")
        row = self.rows.get(table, {}).get(name)
        if row is None:
            return Target(key)
        if table == "studies":
            return Target(row["label"], study_id=name)
        study = row.get("study_id", "")
        label = self.rows["studies"].get(study, {}).get("label", "")
        title = textwrap.shorten(row.get("title", ""), 60, placeholder="...") or row.get("citation", "")
        words = ", ".join(part for part in (label, title, name) if part)
        if table == "reports":
            return Target(words, row.get("report_type", ""), study)
        if row["decision"] != PENDING:
            words += f", {row['decision'].replace('_', ' ')}"
        return Target(words, row.get("record_type", ""), study, name)

    def others(self, row: Cells) -> Iterator[str]:
        """Yield what other records say of this one: notices about it, and copies of it."""
        here = f"screening:{row['record_id']}"
        copies: list[str] = []
        for other in self.rows["screening"].values():
            if other.get("duplicate_of", "") == row["record_id"]:
                copies.append(other["record_id"])
            for link in listed(other.get("links", "")):
                relation, _, key = link.partition(" ")
                if key == here and relation in BEARERS:
                    yield f"{BEARERS[relation][1]} {self.target('screening:' + other['record_id']).words}"
        if copies:
            names = ", ".join(copies[:MOST_COPIES]) + (", ..." if len(copies) > MOST_COPIES else "")
            yield f"{len(copies)} other record{'s repeat' if len(copies) > 1 else ' repeats'} it: {names}"

    def remarks(self, row: Cells) -> list[str]:
        """Return everything that a record has to do with, one line each."""
        links = self.links(row)
        said = [linked.text(row) for linked in links]
        if row.get("duplicate_of"):
            said.append(f"repeats {self.target('screening:' + row['duplicate_of']).words}")
        said += self.others(row)
        linked = {one.relation for one in links}
        for relation in listed(row.get("relations", "")):
            if relation.split(" ", 1)[0].removesuffix("_of") not in linked:
                said.append(f"its export says: {relation.replace('_', ' ')}")
        return list(dict.fromkeys(said))

    def abstract(self, row: Cells) -> str:
        """Return the abstract of a record, empty where this checkout does not have it."""
        return plain(abstract_of(self.desk.data, row["search_id"], row["record_id"]))


def identifiers(row: Cells) -> str:
    """Return the identifiers of a record as one line."""
    named = (("DOI", "doi"), ("PMID", "pmid"), ("registered", "registration"))
    said = [f"{name} {row[column]}" for name, column in named if row.get(column)]
    kind = row.get("record_type", "").replace("_", " ")
    return ", ".join([*said, *([kind] if kind and kind != "article" else [])])


def one_line(row: Cells, width: int = 100) -> str:
    """Return a record as one line for a list."""
    authors = row.get("authors", "").split(";")
    first = authors[0] + (" et al." if len(authors) > 1 else "")
    what = row.get("title", "") or row.get("citation", "") or identifiers(row) or "(nothing recorded)"
    said = ", ".join(part for part in (first, row.get("year", "")) if part)
    return textwrap.shorten(f"{said}: {what}" if said else what, width, placeholder="...")


def page(row: Cells, remarks: list[str], abstract: str, width: int, height: int, whole: bool) -> list[str]:
    """Return a record as lines; of a long abstract as much as there is room for, unless all is asked for."""
    lines = ["", *_wrapped(row.get("title", "") or "(no title recorded)", width)]
    authors = row.get("authors", "") or "authors not recorded"
    lines += _wrapped(authors, width) if whole else [textwrap.shorten(authors, width, placeholder=" ...")]
    lines += _wrapped(row.get("citation", "") or "source not recorded", width)
    lines += _wrapped(identifiers(row) or "no identifiers recorded", width)
    lines += [line for remark in remarks for line in _wrapped(remark, width, "* ")]
    if row.get("notes"):
        lines += _wrapped(row["notes"], width)
    if row.get("reason", NOT_SCREENED) != NOT_SCREENED and not row["reason"].startswith(BECAUSE):
        lines += _wrapped(row["reason"], width)
    text = ["", *_wrapped(abstract or NO_ABSTRACT, width)]
    room = max(height - len(lines), 4)
    if whole or len(text) <= room:
        return [*lines, *text]
    return [*lines, *text[: room - 1], f"... {len(text) - room + 1} more lines: o shows all"]


def _wrapped(text: str, width: int, bullet: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=bullet, subsequent_indent=" " * len(bullet)) or [""]
