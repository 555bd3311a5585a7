"""Who asks PubMed, where, and how patiently: from the environment and the settings of the book."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from livingmeta.paths import Project

CONTACT_VARIABLE, KEY_VARIABLE = "LIVINGMETA_CONTACT", "NCBI_API_KEY"
ADDRESS_VARIABLE = "LIVINGMETA_EUTILS"
SETTINGS, SECTION, CONTACT = "_config.yml", "surveillance", "contact"
TOOL = "livingmeta"
LOCAL = ("127.0.0.1", "localhost", "::1")


class SettingsError(ValueError):
    """A setting without which PubMed must not be asked; the message says where to put it."""


@dataclass(frozen=True)
class Asker:
    """Who asks.

    Parameters
    ----------
    email : str
        Whom PubMed writes to before it shuts somebody out.
    api_key : str
        Allows ten requests a second instead of three; may be empty.
    address : str
        Server that stands in for PubMed's, with a slash at its end; empty for PubMed's own.
    """

    email: str
    api_key: str = ""
    address: str = ""


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for (seconds), and how often it is asked for again."""

    tries: int = 5
    seconds: float = 60.0
    first_pause: float = 2.0
    longest_pause: float = 300.0
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int) -> float:
        """Return how long to pause after an attempt, counted from 0: twice as long each time."""
        return min(self.first_pause * 2.0**attempt, self.longest_pause)


def asker(project: Project, environment: Mapping[str, str] | None = None) -> Asker:
    """Return who asks, by the environment and, for the address of contact, by `_config.yml`.

    Raises
    ------
    SettingsError
        When nobody is named, or the server that shall stand in is not one of this machine.
    """
    known = os.environ if environment is None else environment
    email = (known.get(CONTACT_VARIABLE) or _contact(project)).strip()
    if not _is_address(email):
        found = f"{email!r} is none" if email else "none is set"
        raise SettingsError(
            f"PubMed wants an e-mail address to write to, and {found}: set {CONTACT_VARIABLE} in the "
            f"environment, or `{CONTACT}` under `{SECTION}` in {SETTINGS}; an address that somebody reads"
        )
    return Asker(
        email, known.get(KEY_VARIABLE, "").strip(), _address(known.get(ADDRESS_VARIABLE, "").strip())
    )


def _contact(project: Project) -> str:
    try:
        read = yaml.safe_load((project.root / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    section = read.get(SECTION) if isinstance(read, dict) else None
    return str(section.get(CONTACT) or "") if isinstance(section, dict) else ""


def _is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip(".") and "@" not in host and not set(text) & set(" ,;<>"))


def _address(text: str) -> str:
    # A key must not travel in the clear, nor to a host that is not PubMed's.
    if text and urlsplit(text).hostname not in LOCAL:
        raise SettingsError(
            f"{ADDRESS_VARIABLE}: {text}: must be a server of this machine, for tests; unset it"
        )
    return f"{text.rstrip('/')}/" if text else ""
