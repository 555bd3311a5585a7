"""What a file is and what text it holds, read within bounds; nothing is ever unpacked to the disk."""

import hashlib
import html
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

MOST_BYTES = 64 * 2**20  # of a file that is read; a larger one is only hashed
MOST_MEMBERS = 5000
CHUNK = 2**20
ZIP, PNG, PDF = b"PK\x03\x04", b"\x89PNG", b"%PDF"
DOCUMENT = "word/document.xml"
TEXT_PARTS = re.compile(r"word/(document|footnotes|endnotes|header\d*|footer\d*)\.xml")
BREAKS = re.compile(r"</w:p>|</w:tr>|<w:br\b[^>]*>|<w:cr\b[^>]*>")
GAPS = re.compile(r"</w:tc>|<w:tab\b[^>]*>")
HIDDEN = re.compile(r"<w:(delText|instrText)\b[^>]*>.*?</w:\1>", re.DOTALL)  # deleted words, codes of fields
HYPHEN, MINUS_SIGN = re.compile(r"<w:noBreakHyphen\b[^>]*>"), re.compile(r"<w:sym\b[^>]*\bF02D\b[^>]*>")
UTF_16 = re.compile(rb"<feff((?:[0-9a-f]{4}){1,2000})>", re.IGNORECASE)  # a text in a PDF file
TAGS = re.compile(r"<[^>]*>")


class VerifyError(ValueError):
    """What was given cannot be verified; the message says why."""


@dataclass(frozen=True, eq=False)
class Content:
    """A file, or a member of one, as bytes.

    Parameters
    ----------
    name : str
        Its name; folders in it do not matter.
    raw : bytes
        What is in it.
    """

    name: str
    raw: bytes

    @property
    def base(self) -> str:
        """Return its name without folders."""
        return PurePosixPath(self.name.replace("\\", "/")).name

    @property
    def suffix(self) -> str:
        """Return what its name ends with, in lower case."""
        return PurePosixPath(self.base).suffix.lower()

    @cached_property
    def kind(self) -> str:
        """Return "docx", "zip", "json", "csv", "text" or "bytes"."""
        if self.raw.startswith(ZIP) or self.suffix in (".zip", ".docx"):
            return "docx" if DOCUMENT in self.members or self.suffix == ".docx" else "zip"
        if self.raw.startswith((PNG, PDF)) or (b"\0" in self.raw[:CHUNK] and not self._is_utf16):
            return "bytes"
        return self.suffix[1:] if self.suffix in (".json", ".csv") else "text"

    @property
    def _is_utf16(self) -> bool:
        return self.raw.startswith((b"\xff\xfe", b"\xfe\xff"))

    @cached_property
    def members(self) -> Mapping[str, bytes]:
        """Return the files inside, by name.

        Raises
        ------
        VerifyError
            When it is not a ZIP file that can be read, or too large to be one of ours.
        """
        return _members(self)

    @cached_property
    def text(self) -> str:
        """Return the text in it; of a picture what its bytes say as text, which is its metadata."""
        if self.kind == "docx":
            return _document_text(self.members)
        if self.kind == "zip":
            return "\n".join(Content(name, raw).shallow_text for name, raw in self.members.items())
        return self.shallow_text

    @property
    def shallow_text(self) -> str:
        """Return the text without looking into files inside."""
        if self.raw.startswith((ZIP, PNG, PDF)):
            plain = self.raw.replace(b"\0", b"").decode("latin-1")
            return "\n".join([plain, *map(_from_hex, UTF_16.findall(self.raw))])
        return decoded(self.raw)

    @property
    def normal(self) -> bytes:
        """Return its text in UTF-8 with LF line endings and without a byte order mark."""
        return decoded(self.raw).encode()


def _from_hex(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", errors="replace")


def decoded(raw: bytes) -> str:
    """Return bytes as text with LF line endings: UTF-8, UTF-16 with its mark, else Windows-1252."""
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _members(content: Content) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content.raw)) as archive:
            listed = archive.infolist()
            if len(listed) > MOST_MEMBERS:
                raise VerifyError(f"{content.name}: {len(listed)} files in it: more than {MOST_MEMBERS}")
            found: dict[str, bytes] = {}
            left = MOST_BYTES
            for info in (info for info in listed if not info.is_dir()):
                with archive.open(info) as member:
                    raw = member.read(left + 1)
                left -= len(raw)
                if left < 0:
                    raise VerifyError(f"{content.name}: more than {MOST_BYTES:,} bytes when unpacked")
                if info.filename in found:
                    raise VerifyError(f"{content.name}: {info.filename} is in it twice")
                found[info.filename] = raw
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise VerifyError(f"{content.name}: not a ZIP or DOCX file that can be read: {error}") from None


def _document_text(members: Mapping[str, bytes]) -> str:
    """Return the text of a DOCX file, one line per paragraph; cells are divided by tabs."""
    found = []
    for name in sorted(members, key=lambda name: (name != DOCUMENT, name)):
        if TEXT_PARTS.fullmatch(name):
            seen = MINUS_SIGN.sub("−", HYPHEN.sub("-", HIDDEN.sub("", decoded(members[name]))))
            marked = GAPS.sub("\t", BREAKS.sub("\n", seen))
            found.append(html.unescape(TAGS.sub("", marked)))
    return "\n".join(found)


def read(path: Path) -> tuple[str, Content | None]:
    """Return the SHA-256 of a file and what is in it, None where that is too large to be read.

    Raises
    ------
    OSError
        When it cannot be opened.
    """
    total, kept = hashlib.sha256(), io.BytesIO()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            total.update(block)
            if kept.tell() <= MOST_BYTES:
                kept.write(block)
    small = kept.tell() <= MOST_BYTES
    return total.hexdigest(), Content(path.name, kept.getvalue()) if small else None
