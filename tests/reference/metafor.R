# Rscript metafor.R (in this folder): data/*.csv -> metafor.json. Needs R and metafor 3.8-1.
source("exact.R")
METHODS <- c("EE", "DL", "REML")
TESTS <- c("z", "knha", "adhoc")

models_of <- function(y, v) {
  ok <- !is.na(y) & !is.na(v)
  y <- as.numeric(y[ok]); v <- as.numeric(v[ok])
  out <- list()
  for (m in METHODS) {
    for (t in TESTS) out[[paste(m, t)]] <- summary_of(y, v, m, t)
    out[[paste(m, "weights")]] <- vector_of(weights(fit(y, v, m, "z")))
  }
  out$q_profile <- q_profile(y, v)
  out
}
analysis_of <- function(e) list(yi = vector_of(e$yi), vi = vector_of(e$vi), models = models_of(e$yi, e$vi))

pooled_tables <- function(z) list(estimate = c(z$beta), se = z$se, statistic = z$zval, p_value = z$pval,
  ci_lower = z$ci.lb, ci_upper = z$ci.ub, q = z$QE, q_p = z$QEp, i2 = z$I2, h2 = z$H2)
count_models <- function(ai, bi, ci, di) {
  out <- list()
  for (m in c("OR", "RR", "RD")) out[[paste("MH", m)]] <- pooled_tables(quiet(rma.mh(ai = ai, bi = bi, ci = ci, di = di, measure = m)))
  out[["PETO OR"]] <- pooled_tables(quiet(rma.peto(ai = ai, bi = bi, ci = ci, di = di)))
  out
}
line <- function(y, x, w) { f <- lm(y ~ x, weights = w); s <- coef(summary(f)); list(intercept = s[1, 1],
  intercept_se = s[1, 2], slope = s[2, 1], slope_se = s[2, 2], statistic = s[2, 3], p_value = s[2, 4],
  intercept_ci_lower = confint(f)[1, 1], intercept_ci_upper = confint(f)[1, 2]) }
small_studies <- function(ai, bi, ci, di) {
  e <- quiet(escalc(measure = "OR", ai = ai, bi = bi, ci = ci, di = di, drop00 = TRUE))
  ok <- !is.na(e$yi); y <- c(e$yi)[ok]; v <- e$vi[ok]
  n <- (ai + bi + ci + di)[ok]; events <- (ai + ci)[ok]
  list(peese = line(y, v, 1 / v), peters = line(y, 1 / n, 1 / (1 / events + 1 / (n - events))))
}
between <- function(y, v, g) {
  X <- model.matrix(~ factor(g, levels = unique(g)))
  out <- list()
  for (m in METHODS) for (t in c("z", "knha")) { f <- fit(y, v, m, t, X)
    out[[paste(m, t)]] <- list(statistic = f$QM, p_value = f$QMp, tau2 = f$tau2) }
  out
}

out <- list(versions = versions(), sets = list())
read <- function(name) read.csv(file.path("data", paste0(name, ".csv")), fileEncoding = "UTF-8", na.strings = c("", "NA"))
add <- function(name, columns, analyses, ...) out$sets[[name]] <<- list(columns = columns, analyses = analyses, ...)

tables <- function(name, columns, measures, variants = FALSE) {
  d <- read(name); g <- function(x) as.numeric(d[[columns[[x]]]])
  ai <- g("ai"); ci <- g("ci")
  bi <- if ("bi" %in% names(columns)) g("bi") else g("n1i") - ai
  di <- if ("di" %in% names(columns)) g("di") else g("n2i") - ci
  analyses <- list()
  for (m in measures) {
    escalc_of <- function(...) quiet(escalc(measure = m, ai = ai, bi = bi, ci = ci, di = di, ...))
    analyses[[m]] <- analysis_of(escalc_of())
    pairs <- function(e) list(yi = vector_of(e$yi), vi = vector_of(e$vi))
    # Of a risk difference from two empty arms the library thinks otherwise: see README.md.
    if (variants && m != "RD") analyses[[m]]$variants <- list(
      all = pairs(escalc_of(to = "all")), none = pairs(escalc_of(to = "none")), drop00 = pairs(escalc_of(drop00 = TRUE)))
  }
  add(name, columns, analyses, counts = count_models(ai, bi, ci, di), small_studies = small_studies(ai, bi, ci, di))
}
cells <- list(ai = "ai", n1i = "n1i", ci = "ci", n2i = "n2i")
tables("bcg", list(ai = "tpos", bi = "tneg", ci = "cpos", di = "cneg"), c("OR", "RR", "RD", "PETO"))
tables("egger2001", cells, c("OR", "RR", "RD", "PETO"), variants = TRUE)
tables("li2007", cells, c("OR", "RR", "RD", "PETO"))
tables("collins1985b", list(ai = "pre.xti", n1i = "pre.nti", ci = "pre.xci", n2i = "pre.nci"), c("OR", "RR"))
tables("linde2005", cells, c("OR", "RR"))
tables("nielweise2007", cells, c("OR", "RR", "RD"), variants = TRUE)
tables("yusuf1985", cells, c("OR", "PETO"))
tables("yusuf1985_table6", cells, c("OR", "PETO"))

for (name in c("hackshaw1998", "raudenbush1985", "bangertdrowns2004", "konstantopoulos2011"))
  add(name, list(yi = "yi", vi = "vi"), list(GEN = analysis_of(read(name))))

mean_columns <- c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
for (case in list(list("normand1999", c("MD", "SMD")), list("curtis1998", c("MD", "SMD")))) {
  d <- read(case[[1]]); analyses <- list()
  for (m in case[[2]]) analyses[[m]] <- analysis_of(with(d, escalc(measure = m, m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i)))
  add(case[[1]], as.list(setNames(mean_columns, mean_columns)), analyses)
}
for (name in c("mcdaniel1994", "molloy2014")) {
  d <- read(name); analyses <- list()
  for (m in c("ZCOR", "COR")) analyses[[m]] <- analysis_of(escalc(measure = m, ri = d$ri, ni = d$ni))
  add(name, list(ri = "ri", ni = "ni"), analyses)
}

d <- read("bcg"); e <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d)
out$sets$bcg$between <- list(measure = "RR", column = "alloc", models = between(c(e$yi), e$vi, d$alloc))
d <- read("raudenbush1985")
out$sets$raudenbush1985$between <- list(measure = "GEN", column = "setting", models = between(d$yi, d$vi, d$setting))
d <- read("konstantopoulos2011")
out$sets$konstantopoulos2011$between <- list(measure = "GEN", column = "district", models = between(d$yi, d$vi, d$district))

write_json(out, "metafor.json")
