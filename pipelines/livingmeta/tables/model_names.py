"""What models and tests are called on pages, where no reader should meet a bare code."""

import re

METHOD_NAMES = {
    "REML": "random effects, REML",
    "ML": "random effects, maximum likelihood",
    "DL": "random effects, DerSimonian-Laird",
    "PM": "random effects, Paule-Mandel",
    "HE": "random effects, Hedges",
    "HS": "random effects, Hunter-Schmidt",
    "SJ": "random effects, Sidik-Jonkman",
    "EB": "random effects, empirical Bayes",
    "EE": "equal effects",
    "MH": "Mantel-Haenszel, common effect",
    "PETO": "Peto, common effect",
    "GLMM": "random effects, exact model of the counts",
}
# Codes that a description may hold; those of estimators of tau2 are names to a reader.
CODES = re.compile(r"(?<!effects, )\b(EE|MH|PM|PETO|GLMM|REML|DL)\b")
SHORT_NAMES = {
    "EE": "equal effects",
    "MH": "Mantel-Haenszel",
    "PM": "Paule-Mandel",
    "PETO": "Peto",
    "GLMM": "an exact model of the counts",
    "REML": "random effects (REML)",
    "DL": "random effects (DerSimonian-Laird)",
}
TEST_NAMES = {"z": "z interval", "knha": "Knapp-Hartung", "adhoc": "Knapp-Hartung, never narrower than z"}


def without_codes(described: str) -> str:
    """Return a description of an analysis with names in place of the codes of methods."""
    return CODES.sub(lambda code: SHORT_NAMES[code[0]], described)
