"""The curated data as one release froze them: what was read then stays so, whatever is added later."""

from livingmeta.paths import ROOT

VERSION = "2026.11.1"
DATA = ROOT / "data" / "releases" / VERSION / "data"
QUESTIONS = DATA / "questions"
