"""Say on a pull request what it does to the results: one comment, made once and then replaced.

It runs for finished runs of the workflow `impact`, with the code of the default branch. What it
is given was made by the pull request's own code and is taken for nothing but data: its sizes,
names and number are checked, and the number must belong to the very commit that was run. Only
the standard library is used.
"""

import argparse
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "<!-- impact on the results -->"
WRITER = "github-actions[bot]"
LIMIT = 65_536  # characters that a comment may have
MOST_BYTES = 262_144  # of a text file that is read
MOST_IMAGES, MOST_IMAGE_BYTES = 20, 2_000_000
PER_PAGE, MOST_PAGES = 100, 50
ATTEMPTS = 5
LONGEST_WAIT = 120.0  # seconds
TIMEOUT = 30.0
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
PNG_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,100}\.png", re.ASCII)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADDRESS = re.compile(r"https?://[\w.:/~%@+=-]+", re.ASCII)
NO_WIDTH = "\u200b"
_NOTIFIES = re.compile(r"([@#])(?=\w)")


class CommentError(RuntimeError):
    """Why there is no comment; the message says what to do."""


class AnotherTimeError(CommentError):
    """A failure that may be over in a while, with the seconds that GitHub asks to wait."""

    def __init__(self, message: str, seconds: float | None = None):
        super().__init__(message)
        self.seconds = seconds


class OutdatedError(Exception):
    """The pull request has moved on: there is nothing to say any more."""


@dataclass(frozen=True)
class Api:
    """GitHub's API for one repository."""

    address: str
    repository: str
    token: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer to one request.

        Raises
        ------
        AnotherTimeError
            When the server is at fault, cannot be reached, or asks to wait.
        CommentError
            When it refuses; `status` is its code.
        """
        request = urllib.request.Request(
            f"{self.address}/repos/{self.repository}{path}",
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "User-Agent": "living-magnesium",
            },
            method=method,
        )
        what = f"{method} {path}"
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise _refusal(what, error) from None
        except (OSError, ValueError) as error:
            raise AnotherTimeError(f"{what}: no answer that can be read: {error}") from None


class RefusedError(CommentError):
    """A request that GitHub refuses."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


HINTS = {
    401: "the token is not accepted",
    403: "the job needs the permission pull-requests: write",
    404: "there is no such pull request or comment, or the token may not see it",
    422: "GitHub does not take the text",
}


def _refusal(what: str, error: urllib.error.HTTPError) -> CommentError:
    """Return what an answer other than success means: wait, or give up."""
    said = _message(error)
    wait = _wait(error)
    if error.code == 429 or (error.code == 403 and wait is not None):
        return AnotherTimeError(f"{what}: too many requests: {said}", wait)
    if error.code >= 500:
        return AnotherTimeError(f"{what}: {error.code}: {said}", wait)
    hint = HINTS.get(error.code, "")
    return RefusedError(f"{what}: {error.code}: {said}{f'; {hint}' if hint else ''}", error.code)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])[:500]
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)


def _wait(error: urllib.error.HTTPError) -> float | None:
    """Return how many seconds an answer asks to wait, None when it asks for nothing."""
    asked = error.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    reset = error.headers.get("X-RateLimit-Reset", "")
    if error.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - time.time())
    return None


def number_of(folder: Path) -> int:
    """Return the number of a pull request that a run has written down."""
    text = _text(folder / "number", 20) or ""
    if NUMBER.fullmatch(text.strip()) is None:
        raise CommentError(f"{folder / 'number'}: holds no number of a pull request")
    return int(text)


def _text(path: Path, most: int) -> str | None:
    """Return a small text file, None when there is none."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > most:
        raise CommentError(f"{path}: has more than {most} bytes")
    try:
        return path.read_text(encoding="utf-8").replace("\0", "")
    except UnicodeDecodeError:
        raise CommentError(f"{path}: is not UTF-8") from None


def checked_number(api: Api, folder: Path, commit: str) -> int:
    """Return the number of the pull request whose commit was run.

    Raises
    ------
    OutdatedError
        When the pull request is closed or has newer commits.
    CommentError
        When there is no such pull request.
    """
    number = number_of(folder)
    found = api.ask("GET", f"/pulls/{number}")
    if found.get("state") != "open":
        raise OutdatedError(f"pull request {number} is not open")
    if not commit or (found.get("head") or {}).get("sha") != commit:
        raise OutdatedError(f"commit {commit or '(none)'} is not the newest one of pull request {number}")
    return number


def images_of(folder: Path) -> list[str]:
    """Return the names of the pictures that may be shown, sorted."""
    paths = sorted((folder / "images").glob("*.png"))
    return [path.name for path in paths if _is_picture(path)][:MOST_IMAGES]


def _is_picture(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or PNG_NAME.fullmatch(path.name) is None:
        return False
    with path.open("rb") as file:
        return file.read(8) == PNG_SIGNATURE and path.stat().st_size <= MOST_IMAGE_BYTES


def body_of(folder: Path, images: str = "", preview: str = "", run: str = "") -> str:
    """Return the comment.

    Parameters
    ----------
    folder : Path
        What the run left: `impact.md`, or `faults.txt` where nothing could be compared.
    images : str
        Address of the folder of the pictures; empty when they lie nowhere but with the run.
    preview : str
        Address of the built site; empty when there is none.
    run : str
        Address of the run, whose files anybody can download.
    """
    end = "\n\n".join(filter(None, (_shown(folder, images), _links(preview, run))))
    room = LIMIT - len(MARKER) - len(end) - 10
    return f"{MARKER}\n{_said(folder, room)}\n\n{end}\n"


def _said(folder: Path, room: int) -> str:
    text = _text(folder / "impact.md", MOST_BYTES)
    if text is not None:
        said = _NOTIFIES.sub(rf"\1{NO_WIDTH}", text).strip()
        return said if len(said) <= room else f"{_cut(said, room - 80)}\n\n*Cut here: it is too long.*"
    title = "## Impact on the results\n\nThis pull request could not be analysed"
    faults = (_text(folder / "faults.txt", 20_000_000) or "").strip()
    if not faults:
        return f"{title}; the log of the run says why."
    rows = faults.splitlines()
    kept = _cut(faults, room - 400)
    left = len(rows) - len(kept.splitlines())
    more = f"\n\n... and {left} lines more in the log of the run." if left else ""
    return f"{title}:\n\n{_fenced(kept)}{more}"


def _cut(text: str, room: int) -> str:
    """Return as many whole lines as there is room for, or as much of the first one."""
    return text if len(text) <= room else text[:room].rpartition("\n")[0] or text[:room]


def _fenced(text: str) -> str:
    """Return text in a fence that it cannot end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _shown(folder: Path, images: str) -> str:
    names = images_of(folder)
    if not names:
        return ""
    if not _is_address(images):
        return f"Forest plots before and after ({len(names)}) are among the files of the run."
    at = images.rstrip("/")
    rows = [
        f'{name[:-4]}\n\n<img width="640" alt="{name[:-4]}, before and after" src="{at}/{name}">'
        for name in names
    ]
    return "\n\n".join(["### Before and after", *rows])


def _links(preview: str, run: str) -> str:
    parts = [
        f"[Preview of the built site]({preview})" if _is_address(preview) else "",
        f"[Files of this run]({run})" if _is_address(run) else "",
    ]
    return " · ".join(filter(None, parts))


def _is_address(text: str) -> bool:
    return ADDRESS.fullmatch(text) is not None


def put(api: Api, number: int, body: str) -> str:
    """Create or replace the comment and return which of the two was done."""
    found = existing(api, number)
    if found is not None and found.get("body") == body:
        return "as before"
    if found is not None:
        try:
            api.ask("PATCH", f"/issues/comments/{int(found['id'])}", {"body": body})
            return "replaced"
        except RefusedError as error:
            if error.status != 404:  # else somebody has deleted it meanwhile
                raise
    api.ask("POST", f"/issues/{number}/comments", {"body": body})
    return "created"


def existing(api: Api, number: int) -> dict[str, Any] | None:
    """Return the comment that an earlier run has made, None when there is none."""
    for page in range(1, MOST_PAGES + 1):
        rows = api.ask("GET", f"/issues/{number}/comments?per_page={PER_PAGE}&page={page}")
        for row in rows:
            if (row.get("user") or {}).get("login") == WRITER and _begins(row.get("body")):
                return dict(row)
        if len(rows) < PER_PAGE:
            break
    return None


def _begins(body: str | None) -> bool:
    return (body or "").startswith(MARKER)


def again(act: Callable[[], Any], sleep: Callable[[float], None] = time.sleep) -> Any:
    """Return what a function returns, called again when the server could not answer.

    Raises
    ------
    CommentError
        When it is refused, when the wait would be too long, or after the last attempt.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return act()
        except AnotherTimeError as error:
            wait = 2.0**attempt if error.seconds is None else error.seconds
            if attempt == ATTEMPTS or wait > LONGEST_WAIT:
                raise CommentError(
                    f"{error}; given up after {attempt} attempts: run this job again"
                ) from None
            print(f"{error}; again in {wait:.0f} s", file=sys.stderr)
            sleep(wait)
    raise AssertionError("not reached")


def main(arguments: list[str] | None = None, sleep: Callable[[float], None] = time.sleep) -> int:
    """Print the number of the pull request, or comment on it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("number", "post"))
    parser.add_argument("folder", type=Path, help="what the run left")
    for name in ("--images", "--preview", "--run"):
        parser.add_argument(name, default="", metavar="ADDRESS")
    asked = parser.parse_args(arguments)
    try:
        api, commit = _around()
        number = again(lambda: checked_number(api, asked.folder, commit), sleep)
        if asked.verb == "number":
            print(number)
            return 0
        body = body_of(asked.folder, asked.images, asked.preview, asked.run)
        print(f"comment on {number}: {again(lambda: put(api, number, body), sleep)}")
    except OutdatedError as error:
        print(f"nothing to do: {error}", file=sys.stderr)
    except CommentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _around() -> tuple[Api, str]:
    """Return the API and the commit that was run, from the job's own surroundings."""
    try:
        names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
        api = Api(*(os.environ[name] for name in names))
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return api, str(event["workflow_run"]["head_sha"])
    except (KeyError, OSError, ValueError, TypeError) as error:
        raise CommentError(f"this runs in a job for the event workflow_run only: {error!r}") from None


if __name__ == "__main__":
    sys.exit(main())
