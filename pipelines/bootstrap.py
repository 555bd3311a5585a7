"""Bring a fresh machine to the point where the book or the tests can run.

Usage: ``python3 pipelines/bootstrap.py book|test``

Standard library only, and readable by old Pythons, so that a wrong one is told what is wanted.
"""

import os
import sys

NEEDED = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "livingmeta-stamp")
LOCKS = {"book": "requirements.lock", "test": "requirements-dev.lock"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PLAYWRIGHT_BROWSERS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)


class BootstrapError(Exception):
    """The machine lacks something; the message says what to do about it."""


def say(text):
    """Print one line at once, so that it precedes the output of child processes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def check_python(version=None):
    """Raise BootstrapError unless the running Python is new enough."""
    version = tuple(version or sys.version_info)[:3]
    if version < NEEDED:
        found = ".".join(str(part) for part in version)
        raise BootstrapError(
            "Python %d.%d or newer is needed; this is Python %s (%s).\n"
            "Name another one: make PYTHON=python3.12" % (NEEDED + (found, sys.executable))
        )


def check_venv():
    """Raise BootstrapError when this Python cannot make a virtual environment with pip in it."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as missing:
        raise BootstrapError(
            "This Python (%s) cannot make a virtual environment: %s.\n"
            "On Debian or Ubuntu: apt-get install python3-venv\n"
            "Elsewhere: install a Python %d.%d or newer that includes venv and ensurepip."
            % ((sys.executable, missing) + NEEDED)
        )


def digest(*names):
    """Return the hex SHA-256 of the named files of the repository."""
    import hashlib

    total = hashlib.sha256()
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as file:
            total.update(file.read() + b"\0")
    return total.hexdigest()


def wanted_stamp(kind):
    """Return what the stamp says when everything that `kind` needs is installed."""
    return {
        "installed": kind,
        "python": "%s %s" % (".".join(map(str, sys.version_info[:3])), ROOT),
        "locks": digest(*sorted(LOCKS.values())),
        "project": digest("pyproject.toml"),
    }


def read_stamp():
    """Return the stamp as a dict; empty when an installation never finished."""
    if not os.path.exists(venv_program("python")):
        return {}
    try:
        with open(STAMP) as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    except (IOError, OSError):
        return {}


def write_stamp(stamp):
    """Write the stamp in one step: a half-written one must not count."""
    with open(STAMP + ".new", "w") as file:
        file.write("".join("%s=%s\n" % item for item in sorted(stamp.items())))
    os.rename(STAMP + ".new", STAMP)


def steps(found, wanted):
    """Return which of 'venv', 'lock', 'project' are still to do.

    The test environment holds all that the book needs, so it serves both.
    """
    if any(found.get(key) != wanted[key] for key in ("python", "locks")):
        return ["venv", "lock", "project"]
    if wanted["installed"] == "test" and found.get("installed") != "test":
        return ["lock", "project"]
    return ["project"] if found.get("project") != wanted["project"] else []


def venv_program(name):
    """Return the path of a program of the virtual environment."""
    return os.path.join(VENV, "bin", name)


def child_environment():
    """Return the environment for child processes, without what would divert an installation."""
    diverting = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
    return {key: value for key, value in os.environ.items() if key not in diverting}


def run(*command):
    """Run a command; raise BootstrapError with its text when it fails."""
    import subprocess

    if subprocess.call(command, cwd=ROOT, env=child_environment()) != 0:
        raise BootstrapError("This command failed: %s" % " ".join(command))


def pip_install(*arguments):
    """Install into the virtual environment without resolving anything."""
    run(
        venv_program("python"),
        "-m",
        "pip",
        "-qq",
        "--disable-pip-version-check",
        "install",
        "--no-deps",
        *arguments,
    )


def install(kind):
    """Make `.venv` hold exactly the locked packages and this project; do nothing when it already does."""
    wanted = wanted_stamp(kind)
    found = read_stamp()
    todo = steps(found, wanted)
    if not todo:
        return
    if os.path.exists(STAMP):
        os.remove(STAMP)
    if "venv" in todo:
        check_venv()
        say("Making the virtual environment .venv")
        run(sys.executable, "-m", "venv", "--clear", VENV)
    if "lock" in todo:
        say("Installing the packages of %s (once; a minute or two)" % LOCKS[kind])
        pip_install("--require-hashes", "-r", LOCKS[kind])
    say("Installing livingmeta")
    pip_install("--no-build-isolation", "-e", ".")
    # An update of the project alone leaves the test packages where they were.
    wanted["installed"] = kind if "lock" in todo else found["installed"]
    write_stamp(wanted)


def playwright_browsers():
    """Return the browsers that Playwright has downloaded, newest first."""
    import glob

    caches = [os.environ.get("PLAYWRIGHT_BROWSERS_PATH")] + [os.path.expanduser(c) for c in PLAYWRIGHT_CACHES]
    found = []
    for cache in filter(None, caches):
        for pattern in PLAYWRIGHT_BROWSERS:
            found += sorted(glob.glob(os.path.join(cache, pattern)), reverse=True)
    return found


def is_working(path):
    """Say whether a browser starts: a stub or one without its libraries does not count."""
    import subprocess

    try:
        done = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_browser():
    """Return the path of a Chromium or Chrome that starts, or None.

    Raises BootstrapError when LIVINGMETA_BROWSER names one that does not.
    """
    import shutil

    named = os.environ.get("LIVINGMETA_BROWSER")
    if named:
        path = shutil.which(named)
        if path is None or not is_working(path):
            raise BootstrapError("LIVINGMETA_BROWSER is %s, which does not start." % named)
        return path
    candidates = [shutil.which(name) for name in BROWSERS]
    candidates += [path for path in MAC_BROWSERS if os.path.exists(path)] + playwright_browsers()
    return next((path for path in candidates if path and is_working(path)), None)


def debian_browser():
    """Install Debian's Chromium, where that is possible."""
    import shutil

    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise BootstrapError("apt-get cannot be used here.")
    say("Installing Debian's chromium")
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def playwright_browser():
    """Download the browser that Playwright brings."""
    say("Downloading a Chromium with Playwright")
    run(venv_program("python"), "-m", "playwright", "install", "chromium")


def provide_browser():
    """Find or install a browser; without one fail under CI, elsewhere say loudly what is left out."""
    for attempt in (None, debian_browser, playwright_browser):
        try:
            if attempt:
                attempt()
        except BootstrapError as error:
            say(str(error))
        if find_browser():
            return
    message = (
        "BROWSER TESTS NOT RUN: no Chromium or Chrome was found and none could be installed.\n"
        "Install one, or name one in the environment variable LIVINGMETA_BROWSER."
    )
    if is_ci():
        raise BootstrapError(message)
    say("%s\n%s\n%s" % ("!" * 80, message, "!" * 80))


def is_ci():
    """Say whether this is a continuous integration run, where a skip would look like a pass."""
    return os.environ.get("CI", "").lower() in ("true", "1")


def main(arguments):
    """Run the bootstrap; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        sys.stderr.write("usage: bootstrap.py book|test\n")
        return 2
    try:
        check_python()
        install(arguments[0])
        if arguments[0] == "test":
            provide_browser()
    except BootstrapError as error:
        sys.stderr.write("%s\n" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
