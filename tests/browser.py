"""A headless browser for tests: found where the bootstrap finds it, without a network."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
LOCAL = ("file:", "data:", "blob:", "about:")
QUIET = ("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")


@lru_cache
def bootstrap() -> ModuleType:
    """Return `pipelines/bootstrap.py` as a module; it is a script and belongs to no package."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "pipelines" / "bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache
def browser_path() -> str | None:
    """Return the path of a Chromium or Chrome that starts, or None."""
    return bootstrap().find_browser()


def require_browser() -> str:
    """Return the path of a browser; without one skip, and fail where a skip would look like a pass."""
    path = browser_path()
    if path is None:
        message = "BROWSER TESTS NOT RUN: no Chromium or Chrome found (see LIVINGMETA_BROWSER)"
        (pytest.fail if bootstrap().is_ci() else pytest.skip)(message)
    return path


@dataclass
class Visit:
    """A page that was opened, with what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Return the requests that would have left this machine."""
        return [url for url in self.requests if not url.startswith(LOCAL)]

    @property
    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def open(self, path: Path) -> None:
        """Open a file of the built site and wait until it has loaded."""
        self.page.goto(path.resolve().as_uri(), wait_until="load")


@contextmanager
def visiting(
    width: int = 1440, height: int = 900, javascript: bool = True, scheme: str = "light"
) -> Iterator[Visit]:
    """Yield a visit in a new offline browser.

    Parameters
    ----------
    width, height : int
        Window in CSS pixels.
    javascript : bool
        Whether scripts run.
    scheme : {"light", "dark"}
        What the reader's system prefers.
    """
    path = require_browser()
    with sync_playwright() as playwright:
        arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=javascript, color_scheme=scheme
        )
        context.set_offline(True)
        yield _listening(context.new_page())
        browser.close()


def _listening(page: Page) -> Visit:
    visit = Visit(page)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("console", lambda m: visit.complaints.append(m.text) if m.type in ("error", "warning") else None)
    return visit
