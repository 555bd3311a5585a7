"""An R script that fits every pooled estimate again with metafor and compares.

The rows are in it as they were reported, so that it needs nothing but R and metafor; our numbers
are those of the records, so that a release's script holds the release's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.analysis import Analysis
from livingmeta.effect_sizes import EffectSizes, ZeroCellRule
from livingmeta.effect_sizes.measures import ARCSINE, FISHER_Z, IDENTITY, INPUTS, LOG, LOGIT, MEASURES
from livingmeta.effect_sizes.sources import WHAT_IS_ADDED_TO
from livingmeta.estimators import ESTIMATORS
from livingmeta.estimators.counts import RATES
from livingmeta.export.r_language import WIDTH, comment, named, number, text, vector
from livingmeta.numbers import record_hash
from livingmeta.snapshots import Snapshot

FILE = "reproduce.R"
CHECKED_WITH = "R 4.2.2 and metafor 3.8-1"
Record = Mapping[str, Any]

# metafor's names of a measure's columns, in the order of INPUTS; `change` has no counterpart.
ESCALC = {
    "counts": ("ai", "n1i", "ci", "n2i"),
    "person_time": ("x1i", "t1i", "x2i", "t2i"),
    "means": ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),
    "deviations": ("sd1i", "n1i", "sd2i", "n2i"),
    "correlation": ("ri", "ni"),
    "proportion": ("xi", "ni"),
}
PRINTED = {
    "estimate": "estimate",
    "lower": "reported_ci_lower",
    "upper": "reported_ci_upper",
    "level": "ci_level",
}
BY_P = {"estimate": "estimate", "p": "p_value"}
TO_ANALYSIS = {LOG: "log", FISHER_Z: "atanh", IDENTITY: "identity", LOGIT: "qlogis", ARCSINE: "arcsine"}
TO_DISPLAY = {LOG: "exp", FISHER_Z: "tanh", IDENTITY: "identity", LOGIT: "plogis"}
QUANTITIES = (
    *("estimate", "se", "p_value", "ci_lower", "ci_upper", "pi_lower", "pi_upper"),
    *("tau2", "i2", "h2", "q", "q_p"),
)
PROFILE = ("tau2_ci_lower", "tau2_ci_upper")
LINE = ("intercept", "intercept_se", "intercept_ci_lower", "intercept_ci_upper", "slope", "slope_se")
TEST = ("statistic", "p_value")

PREAMBLE = """\
suppressPackageStartupMessages(library(metafor))
cat(R.version.string, "and metafor", as.character(packageVersion("metafor")), "\\n\\n")
tolerance <- 1e-6   # on the scale of the analysis and, for the printed numbers, on their own
control <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)   # more digits than by default
compared <- NULL

arcsine <- function(x) asin(sqrt(x))

# The variance from a printed interval of any level (percent), or from a two-sided p-value.
from_interval <- function(data, scale) {
  data$yi <- scale(data$estimate)
  quantile <- qnorm((100 - data$level) / 200, lower.tail = FALSE)
  data$vi <- ((scale(data$upper) - scale(data$lower)) / (2 * quantile))^2
  data
}
from_p_value <- function(data, scale) {
  data$yi <- scale(data$estimate)
  data$vi <- (data$yi / qnorm(data$p / 2))^2
  data
}
together <- function(...) {
  kept <- lapply(list(...), function(part)
    data.frame(row = part$row, study = part$study, yi = c(part$yi), vi = c(part$vi)))
  all <- do.call(rbind, kept)
  all[order(all$row), ]
}

# What a fit says, under our names; `pi_df` are the degrees of freedom of the prediction interval.
numbers <- function(fit, back = NULL, pi_df = NULL, profile = FALSE) {
  out <- list(estimate = as.numeric(fit$beta)[1], se = fit$se, p_value = fit$pval, ci_lower = fit$ci.lb,
              ci_upper = fit$ci.ub, tau2 = fit$tau2, i2 = fit$I2, h2 = fit$H2, q = fit$QE, q_p = fit$QEp)
  if (!is.null(pi_df)) {
    half <- qt(fit$level / 2, pi_df, lower.tail = FALSE) * sqrt(fit$tau2 + fit$se^2)
    out$pi_lower <- out$estimate - half
    out$pi_upper <- out$estimate + half
  }
  if (profile) {
    found <- confint(fit, control = list(tol = 1e-14, maxiter = 10000))$random["tau^2", ]
    out$tau2_ci_lower <- found[["ci.lb"]]
    out$tau2_ci_upper <- found[["ci.ub"]]
  }
  if (!is.null(back)) for (name in c("estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper"))
    if (!is.null(out[[name]])) out[[paste0("shown_", name)]] <- back(out[[name]])
  unlist(out)
}
line <- function(y, x, weights, level) {
  fit <- lm(y ~ x, weights = weights)
  table <- coef(summary(fit))
  ends <- confint(fit, level = level / 100)
  c(intercept = table[1, 1], intercept_se = table[1, 2], intercept_ci_lower = ends[1, 1],
    intercept_ci_upper = ends[1, 2], slope = table[2, 1], slope_se = table[2, 2],
    statistic = table[2, 3], p_value = table[2, 4])
}
compare <- function(question, analysis, ours, theirs) {
  theirs <- theirs[names(ours)]
  difference <- abs(unname(ours) - unname(theirs))
  compared <<- rbind(compared, data.frame(
    question = question, analysis = analysis, quantity = names(ours), ours = unname(ours),
    metafor = unname(theirs), difference = difference,
    ok = !is.na(difference) & difference <= tolerance))
}
"""

ENDING = """\
# ---- the comparison -----------------------------------------------------------------------------
if (is.null(compared)) {
  cat("no question is pooled: nothing was compared\\n")
} else {
  for (question in unique(compared$question)) {
    cat(question, "\\n", sep = "")
    part <- compared[compared$question == question, ]
    cat(sprintf("  %-44s %-20s %18s %18s %10s %s\\n", c("analysis", part$analysis),
                c("quantity", part$quantity), c("ours", formatC(part$ours, digits = 10, format = "g")),
                c("metafor", formatC(part$metafor, digits = 10, format = "g")),
                c("difference", sprintf("%.1e", part$difference)),
                c("", ifelse(part$ok, "ok", "DIFFERS"))), sep = "")
    cat("\\n")
  }
  for (question in unique(compared$question)) {
    part <- compared[compared$question == question, ]
    cat(sprintf("%s: %d numbers compared, largest difference %.1e\\n", question, nrow(part),
                max(part$difference)))
  }
  if (!all(compared$ok)) stop(sum(!compared$ok), " numbers differ by more than ", tolerance)
  cat("all", nrow(compared), "numbers agree within", tolerance, "\\n")
}
"""


@dataclass(frozen=True)
class PooledFit:
    """One fit of a record and the rows, as R names them, that it was made from.

    `rows` are places among `effects` (counted from 0), None for all of them; `variable` is the name
    of `effects` in the script.
    """

    analysis: str
    fit: Record
    effects: EffectSizes
    variable: str = "main"
    rows: tuple[int, ...] | None = None

    @property
    def k(self) -> int:
        """Return how many rows there are."""
        return self.effects.k if self.rows is None else len(self.rows)

    @property
    def data(self) -> str:
        """Return the rows in R."""
        if self.rows is None:
            return self.variable
        return f"{self.variable}[{vector([i + 1 for i in self.rows])}, ]"


def r_script(snapshot: Snapshot) -> dict[str, bytes]:
    """Return the script that reproduces every pooled estimate of a snapshot.

    A fit that today's code cannot find the rows of, or that metafor has no counterpart for, is named
    as not compared.
    """
    parts = [*_header(snapshot), PREAMBLE]
    for name, record in snapshot.records.items():
        parts += [*_question(record, snapshot.analyses.get(name)), ""]
    return {FILE: "\n".join([*parts, ENDING]).encode("ascii")}


def _header(snapshot: Snapshot) -> list[str]:
    who = snapshot.identity
    return [
        comment("Every pooled estimate fitted again with metafor and compared with ours."),
        "#",
        comment(f"Release: {who.version}"),
        comment(f"Commit: {who.commit or 'not recorded'}"),
        comment(f"Date: {who.date or 'not recorded'}"),
        comment(f"Checked with: {CHECKED_WITH}; the script prints the versions it runs with."),
        comment(f"How to run: Rscript {FILE}"),
        "#",
        comment("It needs the package metafor and nothing else: the rows are below, as they were reported."),
        comment("Our numbers are those of the records, to full precision. It ends with an error when one"),
        comment("differs by more than 1e-6. The specifications of a multiverse are not among them."),
        "",
    ]


def _question(record: Record, analysis: Analysis | None) -> Iterator[str]:
    name = str(record["id"])
    yield comment(f"---- {name} ".ljust(WIDTH - 2, "-"))
    yield comment(str(record["title"]))
    yield comment(f"Hash of the record: {record_hash(record)}")
    if record["estimate"] is None:
        yield comment(f"Nothing is pooled: {record['reason']}")
        return
    if analysis is None:
        yield _not_compared(name, "every analysis", "its rows are not in the data")
        return
    yield f"question <- {text(name)}"
    known = ""
    for one in pooled_fits(record, analysis):
        if one.variable == "other" or not known:
            yield data(one.variable, one.effects)
            known = one.variable
        yield from _compared(name, one)
    yield from _lines(record, analysis)


def pooled_fits(record: Record, analysis: Analysis) -> Iterator[PooledFit]:
    """Yield every fit that a record holds, with the rows it was made from."""
    main = analysis.effects
    yield PooledFit("Main model", record, main)
    common = record.get("common_effect") or {}
    if common.get("estimate") is not None:
        yield PooledFit("Common-effect model", common, main)
    divided = {item.name: {group.label: group.rows for group in item.groups} for item in analysis.subgroups}
    for item in record.get("subgroups") or ():
        for group in item["groups"]:
            if group["estimate"] is not None:
                rows = divided.get(item["name"], {}).get(group["label"], ())
                yield PooledFit(f"{item['title']}: {group['label']}", group, main, "main", rows)
    others = {item.name: item.effects for item in analysis.sensitivity}
    for item in record.get("sensitivity") or ():
        if item["estimate"] is not None:
            effects = others.get(item["name"], main.subset(np.zeros(main.k, dtype=bool)))
            yield PooledFit(item["name"], item, effects, "main" if effects is main else "other")


def _compared(question: str, one: PooledFit) -> Iterator[str]:
    fit = one.fit
    call = _call(one)
    if one.k != fit["k"]:
        yield _not_compared(
            question, one.analysis, f"{one.k} rows were found, and it was made from {fit['k']}"
        )
    elif call is None:
        yield _not_compared(question, one.analysis, f"metafor is not asked for the method {fit['method']}")
    else:
        yield f"fit <- {call}"
        yield f"compare(question, {text(one.analysis)},"
        yield f"        {ours_of(one)},"
        yield f"        numbers(fit{_asked(one)}))"


def _not_compared(question: str, analysis: str, why: str) -> str:
    said = f"{question}, {analysis}: not compared: {why}"
    return f'cat({text(said)}, "\\n")'


def _call(one: PooledFit) -> str | None:
    fit, level = one.fit, number(one.fit["level"])
    if one.k == 1:
        return f'rma(yi, vi, data = {one.data}, method = "EE", level = {level})'
    if fit["method"] in ("MH", "PETO"):
        names = ESCALC["person_time" if fit["measure"] in RATES else "counts"]
        columns = ", ".join(f"{name} = {name}" for name in names)
        if fit["method"] == "PETO":
            return f"rma.peto({columns}, data = {one.data}, level = {level})"
        return f"rma.mh(measure = {text(fit['measure'])}, {columns}, data = {one.data}, level = {level})"
    if fit["method"] not in ESTIMATORS:
        return None
    how = f"method = {text(fit['method'])}, test = {text(fit['test'])}, level = {level}"
    return f"rma(yi, vi, data = {one.data}, {how}, control = control)"


def _profiled(one: PooledFit) -> bool:
    fit = one.fit
    return (
        one.analysis == "Main model" and fit["method"] in ESTIMATORS and fit["method"] != "EE" and one.k > 1
    )


def _asked(one: PooledFit) -> str:
    asked = ""
    back = TO_DISPLAY.get(one.effects.measure.scale)
    if back:
        asked += f", back = {back}"
    if one.fit.get("pi_lower") is not None:
        df = one.fit["pi_df"]
        asked += f", pi_df = {'Inf' if df is None else number(df)}"
    return asked + (", profile = TRUE" if _profiled(one) else "")


def ours_of(one: PooledFit) -> str:
    """Return the numbers of a fit that the script compares, as a named vector in R."""
    fit = one.fit
    # Of one study nothing but its own effect is known.
    names = QUANTITIES[:5] if one.k == 1 else (*QUANTITIES, *(PROFILE if _profiled(one) else ()))
    values = {name: fit.get(name) for name in names}
    if one.effects.measure.scale in TO_DISPLAY:
        shown = fit.get("display") or {}
        values |= {f"shown_{name}": value for name, value in shown.items()}
    return named({name: value for name, value in values.items() if value is not None})


def _lines(record: Record, analysis: Analysis) -> Iterator[str]:
    """Yield the regressions on the variance and on the size of the studies."""
    name, level = str(record["id"]), number(record["level"])
    same = analysis.effects.k == record["k"]
    for key, title, call in (
        ("peese", "PEESE", "main$yi, main$vi, 1 / main$vi"),
        ("peters", "Peters' test", "main$yi, 1 / total, 1 / (1 / events + 1 / (total - events))"),
    ):
        slope = record.get(key)
        if slope is None:
            continue
        if not same or (key == "peters" and not analysis.effects.has_counts):
            yield _not_compared(name, title, "its rows were not found")
            continue
        if key == "peters":
            yield "total <- main$n1i + main$n2i\nevents <- main$ai + main$ci"
        yield f"compare(question, {text(title)},"
        yield f"        {named({one: slope[one] for one in (*LINE, *TEST)})},"
        yield f"        line({call}, {level}))"


def data(variable: str, effects: EffectSizes) -> str:
    """Return the rows of a fit as R code that computes `yi` and `vi` from what was reported."""
    frame = effects.frame.reset_index(drop=True)
    printed = frame["reported_ci_lower"].notna() & frame["reported_ci_upper"].notna()
    kinds = frame["derived_from"].astype(str) + np.where(printed, "", " by p")
    kinds = kinds.where(frame["derived_from"].eq("reported"), frame["derived_from"])
    parts = [_part(str(kind), frame[kinds == kind], effects) for kind in dict.fromkeys(kinds)]
    if len(parts) == 1:
        return f"{variable} <- {parts[0]}"
    return f"{variable} <- together(\n" + ",\n".join(parts) + ")"


def _part(kind: str, rows: pd.DataFrame, effects: EffectSizes) -> str:
    measure = MEASURES[effects.measure.code]
    scale = TO_ANALYSIS.get(measure.scale)
    if kind == "reported" and scale:
        return f"from_interval({_frame(rows, PRINTED)}, {scale})"
    if kind == "reported by p" and scale:
        return f"from_p_value({_frame(rows, BY_P)}, {scale})"
    if kind in ESCALC:
        columns = dict(zip(ESCALC[kind], INPUTS[kind], strict=True))
        names = ", ".join(f"{name} = {name}" for name in columns)
        rule = ZeroCellRule()  # the one that questions are analysed with
        added = f", add = {number(rule.added(measure))}, to = {text(rule.to)}"
        added = added if kind in WHAT_IS_ADDED_TO else ""
        return f"escalc(measure = {text(measure.code)}, {names}{added}, data = {_frame(rows, columns)})"
    return _frame(rows, {"yi": "yi", "vi": "vi"})


def _frame(rows: pd.DataFrame, columns: Mapping[str, str]) -> str:
    lines = [f"row = {vector([int(i) + 1 for i in rows.index])}", f"study = {vector(rows['study'].map(str))}"]
    lines += [f"{name} = {vector(rows[source].to_numpy(float))}" for name, source in columns.items()]
    return "data.frame(\n  " + ",\n  ".join(lines) + ")"
