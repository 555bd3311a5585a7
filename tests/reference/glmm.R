# Rscript glmm.R (in this folder): data/*.csv -> glmm.json. Needs R, metafor 3.8-1 and lme4.
#
# approximate: rma.glmm(model = "CM.AL"), by lme4 with 7 nodes and its own stopping rule (about 1e-5).
# exact_or: rma.glmm has "CM.EL" with integrate() and an optimiser; its own noncentral hypergeometric
#   densities are asked for (dnchgcalc), so that no further package is needed.
# own: the same likelihood written out here, with integrate() and optim(): to be trusted to about 1e-6.
suppressMessages({ library(metafor); library(lme4) })
read <- function(name) read.csv(file.path("data", paste0(name, ".csv")), fileEncoding = "UTF-8")
shown <- function(f) list(estimate = c(f$beta), se = f$se, tau2 = f$tau2, q_lrt = f$QE.LRT, call = deparse(f$call)[1])
attempt <- function(x) tryCatch(suppressWarnings(suppressMessages(x)), error = function(e) list(error = conditionMessage(e)))
sets <- list(bcg = c("tpos", "tneg", "cpos", "cneg"), nielweise2007 = c("ai", "n1i", "ci", "n2i"),
  egger2001 = c("ai", "n1i", "ci", "n2i"), collins1985b = c("pre.xti", "pre.nti", "pre.xci", "pre.nci"))

log_density <- function(a, n1, e, n2) {
  x <- max(0, e - n2):min(n1, e); g <- lchoose(n1, x) + lchoose(n2, e - x)
  function(u) vapply(u, function(t) { z <- g + x * t; m <- max(z); g[a - x[1] + 1] + a * t - m - log(sum(exp(z - m))) }, 0)
}
own <- function(a, n1, c, n2) {
  keep <- a + c > 0 & a + c < n1 + n2
  fs <- Map(log_density, a[keep], n1[keep], (a + c)[keep], n2[keep])
  nll <- function(p) -sum(vapply(fs, function(f) {
    h <- function(z) f(p[1] + p[2] * z) + dnorm(z, log = TRUE)
    o <- optimize(h, c(-8, 8), maximum = TRUE, tol = 1e-8); m <- o$objective
    m + log(integrate(function(z) exp(h(z) - m), o$maximum - 9, o$maximum + 9, rel.tol = 1e-11, subdivisions = 1000L)$value) }, 0))
  o <- optim(c(-0.5, 0.5), nll, control = list(reltol = 1e-15, maxit = 2000))
  o <- optim(o$par, nll, control = list(reltol = 1e-16, maxit = 2000))
  H <- optimHess(o$par, nll, control = list(ndeps = c(1e-3, 1e-3)))
  list(estimate = o$par[1], tau2 = o$par[2]^2, se = sqrt(solve(H)[1, 1]), log_likelihood = -o$value)
}

out <- list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), lme4 = as.character(packageVersion("lme4"))))
for (name in names(sets)) {
  d <- read(name); g <- lapply(sets[[name]], function(x) as.numeric(d[[x]])); names(g) <- c("ai", "n1i", "ci", "n2i")
  if (name == "bcg") { g$n1i <- g$ai + g$n1i; g$n2i <- g$ci + g$n2i }
  al <- attempt(rma.glmm(ai = g$ai, n1i = g$n1i, ci = g$ci, n2i = g$n2i, measure = "OR", model = "CM.AL"))
  el <- attempt(rma.glmm(ai = g$ai, n1i = g$n1i, ci = g$ci, n2i = g$n2i, measure = "OR", model = "CM.EL", control = list(dnchgcalc = "dnoncenhypergeom")))
  out$sets[[name]] <- list(columns = I(sets[[name]]), approximate = if (is.null(al$error)) shown(al) else al,
    exact_or = if (is.null(el$error)) shown(el) else el,
    own = if (max(g$n1i) < 5000) own(g$ai, g$n1i, g$ci, g$n2i) else NULL)
  message(name)
}
out$set_of_rates <- lapply(c(nielweise2008 = "nielweise2008", hart1999 = "hart1999"), function(name) {
  file <- file.path("data", paste0(name, ".csv")); if (!file.exists(file)) return(NULL)
  d <- read(name); shown(attempt(rma.glmm(x1i = d$x1i, t1i = d$t1i, x2i = d$x2i, t2i = d$t2i, measure = "IRR", model = "CM.EL"))) })
number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
json <- function(x) if (is.null(x)) "null" else if (is.list(x)) paste0("{", paste0('"', names(x), '": ', vapply(x, json, ""), collapse = ",\n"), "}") else {
  v <- if (is.numeric(x)) number(x) else paste0('"', gsub('"', "'", x), '"'); if (length(v) == 1 && !inherits(x, "AsIs")) v else paste0("[", paste(v, collapse = ", "), "]") }
writeLines(json(out), "glmm.json")
