# Shared by metafor.R and questions.R: metafor's models at full precision, and JSON that keeps every digit.
suppressMessages(library(metafor))

quiet <- function(expr) suppressMessages(suppressWarnings(expr))

# Fisher scoring in rma() stops at an absolute change of 1e-5 in tau2. Here its answer is the start of a
# root search on the restricted likelihood's score, and rma() is then called again at that tau2.
reml_score <- function(tau2, y, v, X) {
  w <- 1 / (v + tau2)
  M <- solve(crossprod(X, X * w))
  r <- y - c(X %*% (M %*% crossprod(X, y * w)))
  sum((w * r)^2) - (sum(w) - sum(diag(M %*% crossprod(X * w))))
}

exact_reml <- function(y, v, X) {
  score <- function(t) reml_score(t, y, v, X)
  scale <- max(stats::var(y), min(v))
  start <- quiet(rma(y, v, mods = X, intercept = FALSE, method = "REML",
                     control = list(threshold = scale * 1e-7, maxiter = 10000)))$tau2
  if (start < 1e-3 * scale && score(0) <= 0 && score(max(start, 1e-12 * scale)) <= 0) return(0)
  lower <- upper <- start
  step <- max(start, 1e-9 * scale) * 1e-3
  while (score(lower) < 0 && lower > 0) { lower <- max(0, start - step); step <- 2 * step }
  step <- max(start, 1e-9 * scale) * 1e-3
  while (score(upper) > 0) { upper <- start + step; step <- 2 * step }
  if (score(lower) <= 0 && lower == 0) return(0)
  if (lower == upper) return(start)
  uniroot(score, c(lower, upper), tol = 1e-25, maxiter = 2000)$root
}

fit <- function(y, v, method, test, X = matrix(1, length(y), 1), level = 95) {
  call <- function(...) {
    if (ncol(X) == 1) quiet(rma(y, v, method = method, test = test, level = level, ...))
    else quiet(rma(y, v, mods = X[, -1, drop = FALSE], method = method, test = test, level = level, ...))
  }
  if (method != "REML") return(call())
  call(tau2 = exact_reml(y, v, X))
}

# confint() solves to an absolute 1.2e-4; this solves the same equations to the last digit.
q_profile <- function(y, v, level = 95) {
  k <- length(y)
  Q <- function(t) { w <- 1 / (v + t); sum(w * (y - sum(w * y) / sum(w))^2) }
  bound <- function(p) {
    target <- qchisq(p, k - 1)
    if (Q(0) < target) return(0)
    upper <- max(v)
    while (Q(upper) > target) upper <- 2 * upper
    uniroot(function(t) Q(t) - target, c(0, upper), tol = 1e-25, maxiter = 5000)$root
  }
  half <- (100 - level) / 200
  list(tau2_ci_lower = bound(1 - half), tau2_ci_upper = bound(half))
}

summary_of <- function(y, v, method, test, level = 95) {
  f <- fit(y, v, method, test, level = level)
  k <- f$k
  out <- list(estimate = c(f$beta), se = f$se, statistic = f$zval, p_value = f$pval,
              ci_lower = f$ci.lb, ci_upper = f$ci.ub, tau2 = f$tau2, i2 = f$I2, h2 = f$H2,
              q = f$QE, q_df = k - 1, q_p = f$QEp)
  if (method != "EE" && k >= 3) {
    half <- qt(1 - (100 - level) / 200, k - 1) * sqrt(f$tau2 + f$se^2)
    out$pi_lower <- out$estimate - half
    out$pi_upper <- out$estimate + half
  }
  out
}

number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
string <- function(x) paste0("\"", gsub("\"", "\\\\\"", enc2utf8(x)), "\"")
atoms <- function(x) if (is.logical(x)) tolower(as.character(x)) else if (is.numeric(x)) number(x) else string(x)
json <- function(x, indent = "") {
  inner <- paste0(indent, " ")
  if (is.list(x) && length(x) == 0) return("{}")
  if (is.list(x)) {
    items <- vapply(x, json, "", indent = inner)
    if (is.null(names(x))) return(paste0("[\n", paste0(inner, items, collapse = ",\n"), "\n", indent, "]"))
    return(paste0("{\n", paste0(inner, string(names(x)), ": ", items, collapse = ",\n"), "\n", indent, "}"))
  }
  if (inherits(x, "AsIs") || length(x) != 1) return(paste0("[", paste(atoms(unclass(x)), collapse = ", "), "]"))
  atoms(x)
}
write_json <- function(x, path) writeLines(enc2utf8(json(x)), path, useBytes = TRUE)
versions <- function() list(R = R.version.string, metafor = as.character(packageVersion("metafor")))
vector_of <- function(x) I(as.numeric(x))
