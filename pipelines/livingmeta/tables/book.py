"""Tables of the book's other pages: search, data dictionary, how to cite."""

from collections.abc import Iterable

from livingmeta import citations
from livingmeta.citations import Book
from livingmeta.releases import Identity
from livingmeta.schema import Field, Schema
from livingmeta.tables.html import Column, Markup, table, text


def data_dictionary(schema: Schema) -> Markup:
    """Return every table and column with its type, unit, allowed values and meaning."""
    parts = [_dictionary_of(item.name, item.path, item.fields) for item in schema.tables.values()]
    template = schema.effects
    return Markup(_dictionary_of("effects", "effects/<outcome>.csv", template.fields) + "".join(parts))


def _dictionary_of(name: str, path: str, columns: Iterable[Field]) -> str:
    heads = (Column("Column"), Column("Type"), Column("Unit"), Column("Allowed"), Column("Meaning"))
    rows = [
        (
            Markup(f"<code>{text(field.name)}</code>"),
            field.type + (", required" if field.required else ""),
            field.unit or "",
            _allowed(field),
            field.description,
        )
        for field in columns
    ]
    shown = [tuple(Markup("") if cell == "" else cell for cell in row) for row in rows]
    return f"\n\n(table-{name})=\n## `{path}`\n\n" + table(heads, shown)


def _allowed(field: Field) -> str:
    if field.enum:
        return ", ".join(str(value) for value in field.enum)
    ends = [
        f"≥ {field.minimum}" if field.minimum is not None else "",
        f"≤ {field.maximum}" if field.maximum is not None else "",
    ]
    return " ".join(end for end in ends if end) or (str(field.pattern) if field.pattern else "")


def how_to_cite(today: Identity, cited: Book) -> Markup:
    """Return the citation of this build as text, BibTeX, RIS and CSL-JSON."""
    item = citations.book_item(cited)
    forms = {
        "BibTeX": ("bibtex", citations.bibtex([item])),
        "RIS": ("text", citations.ris([item])),
        "CSL-JSON": ("json", citations.csl([item])),
    }
    blocks = "".join(
        f"**{name}**\n\n```{kind}\n{form.strip()}\n```\n\n" for name, (kind, form) in forms.items()
    )
    return Markup(f"{_this_build(today)}\n\n```text\n{citations.plain(item)}\n```\n\n{blocks}")


def _this_build(today: Identity) -> str:
    if today.is_release:
        return f"You are reading {today.text}, released on {today.date}."
    made = f" of {today.date}" if today.date else ""
    commit = f" from commit `{today.commit}`{made}" if today.commit else ""
    return (
        f"You are reading a version that is not released, built{commit}. "
        "Add the commit and its date to the citation, or cite a release instead."
    )
