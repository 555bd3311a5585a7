"""What changed between two versions as a whole page: of the book, or standing alone."""

import re
from collections.abc import Mapping
from typing import Any

from livingmeta.tables.changes import NO_LINKS, Links, counts, sections, summary
from livingmeta.tables.html import Column, Markup, table, text

DARK = re.compile(r'html\[data-theme="dark"\] \{([^}]*)\}')


def markdown(changes: Mapping[str, Any], title: str, links: Links = NO_LINKS) -> str:
    """Return a page of the book: headings in Markdown, so that they are in its table of contents."""
    parts = [f"# {title}", summary(changes)]
    parts += [f"## {name}\n\n{content}" for name, content in sections(changes, links)]
    return "\n\n".join(parts) + "\n"


def overview(versions: Mapping[str, tuple[str, str, Mapping[str, Any]]]) -> str:
    """Return the page of the book that lists all releases, newest first.

    Parameters
    ----------
    versions : mapping of str to tuple
        Date, kind and changes of each release by version, oldest first.
    """
    title = "# Changes by release"
    if not versions:
        return f"{title}\n\nNothing has been released yet, so there is nothing to compare.\n"
    columns = (Column("Release"), Column("Date"), Column("Kind"), Column("What changed"))
    rows = [
        (
            Markup(f'<a href="{version}.html">{version}</a>'),
            date,
            kind,
            "; ".join(counts(changes)) or "nothing",
        )
        for version, (date, kind, changes) in reversed(tuple(versions.items()))
    ]
    about = "Each release against the one before it, as it was found when it was cut."
    return f"{title}\n\n{about}\n\n{table(columns, rows)}\n"


def page(changes: Mapping[str, Any], style: str) -> str:
    """Return one page that stands alone: no scripts, nothing from any network, light and dark.

    Parameters
    ----------
    style : str
        The style sheet of the book; its dark colours are used where the reader prefers them.
    """
    old, new = ((changes.get(side) or {}).get("name") or "nothing" for side in ("old", "new"))
    title = f"What differs between {old} and {new}"
    dark = DARK.search(style)
    colours = f"@media (prefers-color-scheme: dark) {{ :root {{{dark.group(1)}}} }}" if dark else ""
    body = "".join(f"<h2>{text(name)}</h2>{content}" for name, content in sections(changes))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>\n{style}\n{colours}\n{ALONE}</style></head>\n"
        f'<body><main class="bd-article"><h1>{text(title)}</h1>{summary(changes)}{body}'
        "</main></body></html>\n"
    )


# What the theme of the book gives to a page, for one that stands alone.
ALONE = """:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { background: var(--lm-paper); color: var(--lm-ink); font: 16px/1.6 'Helvetica Neue', Arial,
  'Liberation Sans', sans-serif; margin: 0; overflow-wrap: break-word; }
main { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; }
a { color: var(--lm-accent); }
"""
