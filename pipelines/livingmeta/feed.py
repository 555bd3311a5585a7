"""The releases as an Atom feed (RFC 4287): one entry each, newest first, for any feed reader.

Entries are named by UUIDs made from the project's name and the version, so that a feed that
moves to another address, or has none, keeps its entries.
"""

import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import yaml

from livingmeta.history import Moved, release_moves, studies_changed
from livingmeta.paths import Project
from livingmeta.releases import KINDS, Identity, Release

FEED = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
PROJECT = "living-magnesium"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, PROJECT)
BEFORE_ANY = "1970-01-01"  # Atom asks for a date where there is no release and no commit


def atom(released: Sequence[Release], today: Identity, title: str, author: str, site_url: str = "") -> str:
    """Return the feed as XML text.

    Parameters
    ----------
    released : sequence of Release
        All releases, oldest first.
    today : Identity
        What the build is; its day is the feed's where nothing has been released.
    title, author : str
        Of the book.
    site_url : str
        Address of the published site; without one, the feed has no links.
    """
    base = site_url.rstrip("/")
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", f"urn:uuid:{NAMESPACE}")
    _add(feed, "title", title)
    day = released[-1].date if released else today.date or BEFORE_ANY
    _add(feed, "updated", _instant(day))
    _add(ElementTree.SubElement(feed, "author"), "name", author)
    if base:
        _link(feed, "self", f"{base}/latest/{FEED}", "application/atom+xml")
        _link(feed, "alternate", f"{base}/latest/book/index.html", "text/html")
    before = [None, *released][: len(released)]
    for release, previous in reversed(list(zip(released, before, strict=True))):
        _entry(feed, release, previous, base)
    ElementTree.indent(feed)
    text = ElementTree.tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _entry(feed: ElementTree.Element, release: Release, before: Release | None, base: str) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    kind = KINDS.get(release.kind, release.kind)
    _add(entry, "id", f"urn:uuid:{uuid.uuid5(NAMESPACE, release.version)}")
    _add(entry, "title", f"Version {release.version}: {kind}")
    _add(entry, "published", _instant(release.date))
    _add(entry, "updated", _instant(release.date))
    ElementTree.SubElement(entry, "category", {"term": release.kind, "label": kind})
    if base:
        _link(entry, "alternate", f"{base}/v{release.version}/book/whats-new.html", "text/html")
    _add(entry, "content", "\n".join(said(release, before))).set("type", "text")


def said(release: Release, before: Release | None) -> list[str]:
    """Return what a release changed, as lines of plain text."""
    lines = [release.reason] if release.reason else []
    if before is None:
        return [*lines, f"The first version, with {len(release.estimates)} questions."]
    studies = studies_changed(release)
    for names, what in ((studies.added, "Studies added"), (studies.dropped, "Studies dropped")):
        lines += [f"{what}: {', '.join(names)}."] if names else []
    moves = release_moves(release, before)
    return lines + ([_moved(one) for one in moves] or ["No estimate moved."])


def _moved(one: Moved) -> str:
    flags = f" ({', '.join(one.flags)})" if one.flags else ""
    old, new = one.old or "a new question", one.new or "no longer in the book"
    return f"{one.title}: {old} → {new}{flags}."


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element


def _link(parent: ElementTree.Element, relation: str, address: str, kind: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": relation, "href": address, "type": kind})


def _instant(day: str) -> str:
    return f"{day}T00:00:00Z"


def write_feed(project: Project, released: Sequence[Release], today: Identity, folder: Path) -> None:
    """Write the feed into the folder of the built site; title, author and address are the book's settings."""
    settings = yaml.safe_load((project.root / "_config.yml").read_text(encoding="utf-8")) or {}
    address = str((settings.get("html") or {}).get("baseurl") or "")
    text = atom(released, today, str(settings["title"]), str(settings["author"]), address)
    (folder / FEED).write_text(text, encoding="utf-8", newline="\n")
