"""A Sphinx extension that makes a book lighter: one sidebar for all pages, no icon script, few stems.

It also tells every page which version of the book it belongs to.

The theme renders the sidebar's tree anew for every page, and the tree has all pages in it: the
cost grows with the square of their number. Here it is rendered once per folder, and the entry
of each page is marked in the text.
"""

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from posixpath import basename, dirname
from typing import Any

from pydata_sphinx_theme.toctree import add_toctree_functions
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

from livingmeta.paths import DATA_VARIABLE, Project
from livingmeta.releases import identity

# The icons themselves come from a web font beside the style sheet.
UNUSED = ("scripts/fontawesome.js*", "scripts/*.map", "styles/*.map")
MOST_PAGES_IN_MEMORY = 48  # of more than a megabyte each
ICON_SCRIPT = re.compile(
    r"\s*<!-- So that users can add custom icons -->\s*<script[^>]*fontawesome[^>]*></script>"
)
CURRENT_LIST = re.compile(r'<ul class="current nav bd-sidenav">')
CURRENT_ITEM = re.compile(
    r'<li class="toctree-l1 current active"><a class="current reference internal" href="#">(.*?)</a></li>'
)
STILL_MARKED = re.compile(r'class="[^"]*\bcurrent\b')


def unmarked(tree: str, page: str) -> str:
    """Return a sidebar tree rendered for `page` as it would be for a page that is not in it."""
    item = rf'<li class="toctree-l1"><a class="reference internal" href="{page}.html">\1</a></li>'
    return CURRENT_LIST.sub('<ul class="nav bd-sidenav">', CURRENT_ITEM.sub(item, tree))


def marked(tree: str, page: str) -> str:
    """Return an unmarked sidebar tree with the entry of `page` marked as the current one."""
    link = f'<li class="toctree-l1"><a class="reference internal" href="{page}.html">'
    at = tree.find(link)
    if at < 0:
        return tree
    current = '<li class="toctree-l1 current active"><a class="current reference internal" href="#">'
    start = tree.rfind('<ul class="nav bd-sidenav">', 0, at)
    before, between, after = tree[:start], tree[start:at], tree[at + len(link) :]
    opened = between.replace('<ul class="nav bd-sidenav">', '<ul class="current nav bd-sidenav">', 1)
    return before + opened + current + after


def _on_read(app: Sphinx, _doctree: Any) -> None:
    """Keep few pages in memory between reading and writing; the others are on disk."""
    waiting = app.env._write_doc_doctree_cache
    if len(waiting) >= MOST_PAGES_IN_MEMORY:
        waiting.clear()


class English(SearchEnglish):
    """The search index's English that stems each word once: else that is a sixth of writing a page."""

    def init(self, options: dict[str, Any]) -> None:
        """Start without any stem."""
        super().init(options)
        self._stem = cache(super().stem)

    def stem(self, word: str) -> str:
        """Return the stem of a word."""
        return self._stem(word)


class Sidebars:
    """The unmarked tree of each folder of pages, rendered when its first page is written."""

    def __init__(self) -> None:
        self._trees: dict[str, str] = {}

    def tree(self, page: str, render: Callable[..., Any], **options: Any) -> str:
        """Return the tree for `page` (its name in the book, without an ending)."""
        folder, name = dirname(page), basename(page)
        if folder not in self._trees:
            rendered = str(render(**options))
            plain = unmarked(rendered, name)
            if STILL_MARKED.search(plain):  # a page with others below it, or one of those
                return rendered
            self._trees[folder] = plain
        shown = marked(self._trees[folder], name)
        return str(render(**options)) if shown == self._trees[folder] else shown


def _on_page(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    app.env._pickled_doctree_cache.clear()  # the bytes of pages that are written already
    context["version_text"] = app.livingmeta_version  # type: ignore[attr-defined]
    render = context.get("generate_toctree_html")
    if render is None or pagename not in app.env.titles:
        return

    def tree(**options: Any) -> Any:
        if options.get("kind") != "sidebar" or options.get("startdepth") != 0:
            return render(**options)
        return app.livingmeta_sidebars.tree(pagename, render, **options)  # type: ignore[attr-defined]

    context["generate_toctree_html"] = tree


def without_icon_script(html: str) -> str:
    """Return the theme's head without the script that draws its icons."""
    return ICON_SCRIPT.sub("", html)


FEED_LINK = '<link rel="alternate" type="application/atom+xml" title="Releases" href="{}">\n'


def _with_feed(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Name the feed of releases, which lies beside the book, in the head of every page."""
    context["metatags"] = context.get("metatags", "") + FEED_LINK.format(context["pathto"]("feed.xml", True))


def version_text(root: Path) -> str:
    """Return what stands in the header of every page: the version, but not the commit, of a checkout."""
    data = os.environ.get(DATA_VARIABLE)
    today = identity(Project(root, Path(data) if data else None))
    return today.text if today.is_release else today.version


def _on_start(app: Sphinx) -> None:
    # Not there yet when a clean build writes its pages; else its links would get a checksum.
    for path in (Path(app.outdir) / "_static").glob("mystnb.*.css"):
        path.unlink()
    app.livingmeta_sidebars = Sidebars()  # type: ignore[attr-defined]
    app.livingmeta_version = version_text(Path(app.srcdir))  # type: ignore[attr-defined]
    _follow_the_theme(app)
    templates = getattr(app.builder, "templates", None)
    if templates is not None:
        templates.environment.filters["without_icon_script"] = without_icon_script


def _follow_the_theme(app: Sphinx) -> None:
    """Be called right after the theme has made its tree, before it first tries its templates with it."""
    listeners = app.events.listeners["html-page-context"]
    ours = next(one for one in listeners if one.handler is _on_page)
    themes = next(one for one in listeners if one.handler is add_toctree_functions)
    listeners.remove(ours)
    listeners.insert(listeners.index(themes) + 1, ours._replace(priority=themes.priority))


def _on_finish(app: Sphinx, error: Exception | None) -> None:
    """Remove what no page loads."""
    if error is not None:
        return
    static = Path(app.outdir) / "_static"
    for path in (found for pattern in UNUSED for found in static.glob(pattern)):
        path.unlink()


def _drop_lost_words(app: Sphinx) -> Iterator[Any]:
    """Take words that no page has any more out of the search index."""
    indexer = getattr(app.builder, "indexer", None)
    for words in (indexer._mapping, indexer._title_mapping) if indexer else ():
        for word in [word for word, pages in words.items() if not pages]:
            del words[word]
    return iter(())


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx's events."""
    app.add_search_language(English)
    app.connect("builder-inited", _on_start)
    app.connect("doctree-read", _on_read)
    app.connect("html-page-context", _on_page)
    app.connect("html-page-context", _with_feed)
    app.connect("html-collect-pages", _drop_lost_words)
    app.connect("build-finished", _on_finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
