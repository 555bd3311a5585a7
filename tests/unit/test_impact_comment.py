"""Is there one comment on the right pull request, whatever GitHub answers and whatever a run left behind?"""

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from livingmeta.paths import ROOT

_SPEC = importlib.util.spec_from_file_location("impact_comment", ROOT / ".github" / "impact_comment.py")
impact = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(impact)

COMMIT = "a" * 40
BOT = {"login": impact.WRITER}
PNG = impact.PNG_SIGNATURE + b"rest"


class GitHub:
    """What the server knows and was asked; `faults` are answers given before it does what is asked."""

    def __init__(self):
        self.pulls = {7: {"state": "open", "head": {"sha": COMMIT}}}
        self.comments = []
        self.asked = []
        self.faults = []
        self.tokens = set()

    def add(self, body, user=BOT):
        self.comments.append({"id": 100 + len(self.comments), "body": body, "user": user})

    def answer(self, method, path, query, body):
        parts = path.removeprefix("/repos/o/r/").split("/")
        if parts[0] == "pulls":
            found = self.pulls.get(int(parts[1]))
            return (200, found) if found else (404, {"message": "Not Found"})
        if method == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if len(body["body"]) > 65536:
            return 422, {"message": "Validation Failed"}
        if method == "PATCH":
            own = [row for row in self.comments if row["id"] == int(parts[2])]
            if not own:
                return 404, {"message": "Not Found"}
            own[0]["body"] = body["body"]
            return 200, own[0]
        self.add(body["body"])
        return 201, self.comments[-1]


@pytest.fixture
def github(monkeypatch, tmp_path):
    known = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            at = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            known.asked.append((self.command, at.path))
            known.tokens.add(self.headers["Authorization"])
            fault = next((one for one in known.faults if one[0] == self.command), None)
            if fault is not None:
                known.faults.remove(fault)
                _, status, headers, does = fault
                if does:
                    known.answer(self.command, at.path, parse_qs(at.query), json.loads(raw))
                self.reply(status, {"message": "made up"} if status else None, headers)
                return
            self.reply(*known.answer(self.command, at.path, parse_qs(at.query), json.loads(raw or b"null")))

        do_GET = do_POST = do_PATCH = handle_any

        def reply(self, status, body, headers=None):
            if status == 0:  # hangs up in the middle
                self.close_connection = True
                return
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": {"head_sha": COMMIT}}))
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    yield known
    server.shutdown()
    server.server_close()


@pytest.fixture
def left(tmp_path):
    """Return the folder that a run has left."""
    folder = tmp_path / "left"
    (folder / "images").mkdir(parents=True)
    (folder / "number").write_text("7\n")
    (folder / "impact.md").write_text("## Impact on the results\n\nNothing differs.\n")
    return folder


@pytest.fixture
def post(left):
    """Return a function that posts, and the seconds that it has waited."""
    waits = []

    def posted(*more, verb="post"):
        return impact.main([verb, str(left), *more], waits.append)

    posted.waits = waits
    return posted


def methods(github):
    return [method for method, _ in github.asked if method != "GET"]


def test_it_is_created_once_and_then_replaced(github, post, left):
    assert post() == 0 and methods(github) == ["POST"]
    assert github.comments[0]["body"].startswith(f"{impact.MARKER}\n## Impact on the results")
    assert post() == 0 and methods(github) == ["POST"]
    (left / "impact.md").write_text("Another.")
    assert post() == 0 and methods(github) == ["POST", "PATCH"]
    assert len(github.comments) == 1 and "Another." in github.comments[0]["body"]
    assert github.tokens == {"Bearer secret"}


@pytest.mark.parametrize("before", [0, 99, 100, 101, 250])
def test_it_is_found_again_among_many(github, post, before):
    for n in range(before):
        github.add(f"comment {n}", {"login": "somebody"})
    github.add(f"{impact.MARKER}\nold")
    github.add("later", {"login": "somebody"})
    assert post() == 0 and methods(github) == ["PATCH"]
    assert len(github.comments) == before + 2


def test_what_others_write_is_never_touched(github, post):
    github.add(f"{impact.MARKER}\nquoted by somebody", {"login": "somebody"})
    github.add(f"> {impact.MARKER}\nquoted by a robot")
    github.add(None)
    github.add(f"{impact.MARKER}\nof nobody", None)
    assert post() == 0 and methods(github) == ["POST"]
    assert [row["body"] for row in github.comments[:2]] == [
        f"{impact.MARKER}\nquoted by somebody",
        f"> {impact.MARKER}\nquoted by a robot",
    ]


def test_one_that_was_deleted_meanwhile_is_made_again(github, post):
    github.add(f"{impact.MARKER}\nold")
    github.faults = [("PATCH", 404, {}, False)]
    assert post() == 0 and methods(github) == ["PATCH", "POST"]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_a_refusal_is_said_and_not_repeated(github, post, status, capsys):
    github.faults = [("POST", status, {}, False)]
    assert post() == 1 and methods(github) == ["POST"] and post.waits == []
    said = capsys.readouterr().err
    assert str(status) in said and "made up" in said
    assert ("permission" in said) == (status == 403) and "secret" not in said


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_a_server_at_fault_is_asked_again(github, post, status):
    github.faults = [("GET", status, {}, False), ("GET", status, {}, False), ("POST", status, {}, False)]
    assert post() == 0 and len(github.comments) == 1 and post.waits == [2.0, 4.0, 2.0]


@pytest.mark.parametrize("status", [500, 0])
def test_an_answer_that_was_lost_makes_no_second_comment(github, post, status):
    github.faults = [("POST", status, {}, True)]
    assert post() == 0 and len(github.comments) == 1


def test_it_gives_up_in_the_end(github, post, capsys):
    github.faults = [("POST", 500, {}, False)] * 10
    assert post() == 1 and len(methods(github)) == impact.ATTEMPTS
    assert "given up" in capsys.readouterr().err


@pytest.mark.parametrize("status", [403, 429])
def test_it_waits_as_long_as_it_is_asked_to(github, post, status):
    github.faults = [("POST", status, {"Retry-After": "17"}, False)]
    assert post() == 0 and post.waits == [17.0] and len(github.comments) == 1


def test_a_limit_of_requests_is_waited_for_unless_it_is_far_away(github, post, monkeypatch, capsys):
    monkeypatch.setattr(impact.time, "time", lambda: 1000.0)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1030"}
    github.faults = [("POST", 403, headers, False)]
    assert post() == 0 and post.waits == [30.0]
    github.comments.clear()
    github.faults = [("POST", 403, headers | {"X-RateLimit-Reset": "4600"}, False)]
    assert post() == 1 and post.waits == [30.0] and "too many requests" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "0", "-7", "7; rm -rf /", "7\n8", "٧", "1" * 12, "../7", "x" * 50])
def test_what_is_no_number_is_refused_before_anything_is_asked(github, post, left, text):
    (left / "number").write_text(text)
    assert post() == 1 and github.asked == []


def test_the_number_of_another_pull_request_is_refused(github, post, left, capsys):
    github.pulls[8] = {"state": "open", "head": {"sha": "b" * 40}}
    (left / "number").write_text("8")
    assert post() == 0 and methods(github) == [] and "newest" in capsys.readouterr().err
    (left / "number").write_text("9")
    assert post() == 1


def test_a_closed_pull_request_gets_no_comment(github, post):
    github.pulls[7]["state"] = "closed"
    assert post() == 0 and methods(github) == []


def test_the_number_alone_can_be_asked_for(github, post, capsys):
    assert post(verb="number") == 0 and capsys.readouterr().out == "7\n"
    github.pulls[7]["state"] = "closed"
    assert post(verb="number") == 0 and capsys.readouterr().out == ""


def test_faults_stand_in_a_fence_that_they_cannot_end(github, post, left):
    (left / "impact.md").unlink()
    (left / "faults.txt").write_text("data/x.csv:3:n: ```` @someone\n<script>: rule\n1 faults, 0 warnings\n")
    assert post() == 0
    body = github.comments[0]["body"]
    assert "could not be analysed" in body
    assert "`````text\ndata/x.csv:3:n: ```` @someone\n<script>: rule\n1 faults, 0 warnings\n`````" in body


def test_a_run_that_left_nothing_is_said(github, post, left):
    (left / "impact.md").unlink()
    assert post("--run", "https://example.org/run/1") == 0
    body = github.comments[0]["body"]
    assert "the log of the run says why" in body and "[Files of this run](https://example.org/run/1)" in body


@pytest.mark.parametrize("name", ["impact.md", "faults.txt"])
def test_what_is_too_long_is_cut(github, post, left, name):
    (left / "impact.md").unlink()
    (left / name).write_text("a line @x\n" * 12_000)
    for n in range(30):
        (left / "images" / f"{'q' * 80}-{n:02}.png").write_bytes(PNG)
    assert post("--images", "https://example.org/i", "--run", "https://example.org/run") == 0
    body = github.comments[0]["body"]
    assert len(body) <= impact.LIMIT and body.count("<img") == impact.MOST_IMAGES
    assert ("Cut here" in body) or ("lines more" in body)


def test_a_file_that_is_no_text_or_enormous_is_refused(github, post, left):
    (left / "impact.md").write_bytes(b"\xff\xfe")
    assert post() == 1
    (left / "impact.md").write_text("x" * (impact.MOST_BYTES + 1))
    assert post() == 1
    (left / "impact.md").unlink()
    (left / "impact.md").symlink_to("/etc/passwd")
    assert post() == 0 and "root:" not in github.comments[0]["body"]


def test_nobody_is_notified_by_what_a_run_has_written(github, post, left):
    (left / "impact.md").write_text("@someone, see #12")
    assert post() == 0
    body = github.comments[0]["body"]
    assert "@someone" not in body and "#12" not in body
    assert "@someone, see #12" in body.replace(impact.NO_WIDTH, "")


def test_only_pictures_with_plain_names_are_shown(github, post, left):
    folder = left / "images"
    for name in ("one-question.png", 'x" onerror="y.png', "Big.PNG", "a b.png"):
        (folder / name).write_bytes(PNG)
    (folder / "no-picture.png").write_text("<svg>")
    (folder / "large.png").write_bytes(PNG + b"x" * impact.MOST_IMAGE_BYTES)
    (folder / "elsewhere.png").symlink_to(folder / "one-question.png")
    assert post("--images", "https://example.org/pr-7/images") == 0
    body = github.comments[0]["body"]
    assert body.count("<img") == 1
    assert 'src="https://example.org/pr-7/images/one-question.png"' in body


def test_a_fork_is_told_where_its_pictures_and_pages_are(github, post, left):
    (left / "images" / "one.png").write_bytes(PNG)
    assert post("--run", "https://example.org/run/1", "--preview", "javascript:alert(1)") == 0
    body = github.comments[0]["body"]
    assert "<img" not in body and "among the files of the run" in body
    assert "javascript" not in body and "https://example.org/run/1" in body


def test_outside_a_job_it_says_so(github, post, monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_EVENT_PATH")
    assert post() == 1 and "workflow_run" in capsys.readouterr().err and github.asked == []
