"""A specification becomes SVG that needs no script, and a figure that can become live."""

import hashlib
import html
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from livingmeta import drawing
from livingmeta.charts import static_text
from livingmeta.charts.static_text import Spec
from livingmeta.charts.theme import INK
from livingmeta.files import write_atomically

LIVE = "window.lmVega = { vega, vegaLite, vegaEmbed };"
_VARIABLE = re.compile(r"var\(--[\w-]+,\s*([^)]+)\)")
_STANDALONE_INK = "#1c2b33"


def spec_hash(spec: Spec) -> str:
    """Return the hash that names a specification, the same on every machine."""
    text = json.dumps(spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def cache_key(spec: Spec) -> str:
    """Return the name of a kept picture: it changes with the specification and with the renderer."""
    return hashlib.sha256((spec_hash(spec) + _renderer()).encode()).hexdigest()


@cache
def _renderer() -> str:
    """Return everything besides the specification that decides how a picture looks."""
    sources = (__file__, str(static_text.__file__), str(drawing.__file__))
    return "".join(Path(source).read_text(encoding="utf-8") for source in sources) + drawing.engine_version()


def render_svg(spec: Spec, cache_dir: Path | None = None) -> str:
    """Return a Vega-Lite specification drawn as SVG.

    Parameters
    ----------
    spec : dict
        Specification; its `description` becomes the name of the picture.
    cache_dir : Path, optional
        Folder of `<key>.svg` files; a picture that is there is not drawn again.
    """
    path = cache_dir / f"{cache_key(spec)}.svg" if cache_dir else None
    if path is not None and path.exists():
        return path.read_text(encoding="utf-8")
    svg = _finished(_drawn(spec), spec_hash(spec)[:10], spec.get("description", ""))
    if path is not None:
        write_atomically(path, svg)
    return svg


def _drawn(spec: Spec) -> str:
    """Return the SVG of a specification, its placed texts written by us on top of the rest."""
    rest, texts = static_text.for_a_still(spec)
    before, end, after = drawing.draw(rest).rpartition("</svg>")
    return before + static_text.text_elements(texts, spec) + end + after


def _finished(svg: str, prefix: str, title: str) -> str:
    """Return the SVG with ids of its own, a name, and a width that follows the page."""
    svg = _with_own_ids(svg, prefix)
    opening = re.match(r"<svg[^>]*>", svg)
    if opening is None:
        raise ValueError("the renderer returned no SVG")
    width, height = re.findall(r'\b(?:width|height)="([\d.]+)"', opening.group())[:2]
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lm-svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{html.escape(title)}" '
        f'style="width:100%;max-width:{width}px;height:auto"><title>{html.escape(title)}</title>'
    )
    return start + _lighter(svg[opening.end() :])


def _with_own_ids(svg: str, prefix: str) -> str:
    """Return the SVG with ids that are numbered within it: the renderer counts across pictures."""
    found = dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))
    names = {name: f"c{prefix}-{number}" for number, name in enumerate(found)}
    svg = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{names[match[1]]}"', svg)
    return re.sub(r"url\(#([^)]+)\)", lambda match: f"url(#{names[match[1]]})", svg)


def _lighter(svg: str) -> str:
    """Return the SVG without attributes that name single marks: the whole has one name."""
    svg = re.sub(r' (?:aria-[\w]+|role)="[^"]*"', "", svg)
    return svg.replace(' pointer-events="none"', "")


def standalone_svg(svg: str) -> str:
    """Return an SVG that looks right outside a page: colours resolved, natural size."""
    svg = _VARIABLE.sub(r"\1", svg).replace(INK, _STANDALONE_INK)
    return re.sub(r' style="width:100%;[^"]*"', "", svg, count=1)


def figure_html(
    name: str,
    caption: str,
    wide: Spec,
    narrow: Spec,
    links: Sequence[tuple[str, str]] = (),
    cache_dir: Path | None = None,
) -> str:
    """Return a figure: wide and narrow SVG, the specifications behind them, a caption.

    Parameters
    ----------
    name : str
        Anchor of the figure.
    caption : str
        Plain text.
    wide, narrow : dict
        Specifications for a screen and for a phone.
    links : sequence of (text, address)
        Shown at the end of the caption.
    """
    variants = "".join(
        _variant(name, kind, spec, cache_dir) for kind, spec in (("wide", wide), ("narrow", narrow))
    )
    shown = " · ".join(f'<a href="{html.escape(to)}">{html.escape(text)}</a>' for text, to in links)
    note = f"{html.escape(caption)} {shown}".strip()
    return (
        f'<figure class="lm-figure" id="{name}">{variants}'
        f'<figcaption class="lm-caption">{note}</figcaption></figure>'
    )


def _variant(name: str, kind: str, spec: Spec, cache_dir: Path | None) -> str:
    chart = f"{name}-{kind}-{spec_hash(spec)[:10]}"
    text = json.dumps(spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return (
        f'<div class="lm-{kind}" data-chart="{chart}">{render_svg(spec, cache_dir)}</div>'
        f'<script type="application/json" class="lm-spec" data-for="{chart}">{_safe(text)}</script>'
    )


def _safe(text: str) -> str:
    return text.replace("</", "<\\/").replace("<!--", "<\\u0021--")


def vega_bundle_js(cache_dir: Path | None = None) -> str:
    """Return the script that draws live charts, as one file that loads nothing else.

    It is wrapped in a function so that none of its names meets a name of the page.

    Parameters
    ----------
    cache_dir : Path, optional
        Folder in which the script is kept for the next time, by the version of its maker.
    """
    name = hashlib.sha256((LIVE + drawing.engine_version()).encode()).hexdigest()
    path = cache_dir / f"vega-{name}.js" if cache_dir else None
    if path is not None and path.exists():
        return path.read_text(encoding="utf-8")
    script = f"(function () {{\n{drawing.bundle(LIVE)}\n}})();\n"
    if path is not None:
        write_atomically(path, script)
    return script
