# Rscript questions.R (in this folder): the curated rows of release 2026.11.1 -> questions.json, computed by metafor alone.
# Rows are chosen and derived here a second time, by hand, so that a mistake in the library's choice shows.
source("exact.R")
CONTROL <- list(threshold = 1e-14, maxiter = 10000)
rows_of <- function(file) read.csv(file.path("..", "..", "data", "releases", "2026.11.1", "data", "effects", file), fileEncoding = "UTF-8",
                                   na.strings = "", stringsAsFactors = FALSE)

inputs <- function(id, y, v) list(effect_id = I(id), yi = vector_of(y), vi = vector_of(v))
model <- function(e, method = "REML", test = "adhoc") {
  k <- length(e$yi)
  # Fisher scoring comes near a tau2 of 0 and never arrives; the score tells when 0 it is.
  none <- k > 1 && method == "REML" && exact_reml(e$yi, e$vi, matrix(1, k, 1)) == 0
  f <- quiet(rma(e$yi, e$vi, method = if (k == 1) "EE" else method, test = if (k == 1) "z" else test,
                 tau2 = if (none) 0 else NULL, control = if (method == "REML") CONTROL else list()))
  out <- list(k = k, estimate = c(f$beta), se = f$se, p_value = f$pval, ci_lower = f$ci.lb, ci_upper = f$ci.ub)
  if (k == 1) return(out)
  out <- c(out, list(tau2 = f$tau2, i2 = f$I2, q = f$QE))
  if (method != "EE" && k >= 3) {
    half <- qt(0.975, k - 1) * sqrt(f$tau2 + f$se^2)
    out <- c(out, list(pi_lower = out$estimate - half, pi_upper = out$estimate + half))
  }
  out
}
default <- function(e, test) {
  f <- quiet(rma(e$yi, e$vi, method = "REML", test = test))
  list(estimate = exp(c(f$beta)), ci_lower = exp(f$ci.lb), ci_upper = exp(f$ci.ub), tau2 = f$tau2)
}
between <- function(e, g) {
  f <- quiet(rma(e$yi, e$vi, mods = ~ factor(g), method = "REML", test = "knha", control = CONTROL))
  list(statistic = f$QM, p_value = f$QMp, tau2 = f$tau2)
}
standard <- function(e, common) list("Common effect" = common, "Wald interval" = model(e, test = "z"),
                                     "Plain Knapp-Hartung" = model(e, test = "knha"))

# Intravenous magnesium in myocardial infarction ------------------------------------------------------
counts <- rows_of("ami-early-death.csv")
yavelov <- counts$study_id == "yavelov1995"
for (arm in c("treatment", "control")) {
  events <- paste0("events_", arm)
  counts[[events]][yavelov] <- round(counts[[paste0("percent_", arm)]][yavelov] * counts[[paste0("n_", arm)]][yavelov] / 100)
}
early <- counts[counts$outcome_id == "early_death", ]
li <- early[early$dataset %in% "li2007" & early$pool_role == "primary", ]
odds <- function(d) { e <- quiet(escalc(measure = "OR", ai = events_treatment, n1i = n_treatment,
                                        ci = events_control, n2i = n_control, data = d))
  list(yi = c(e$yi), vi = c(e$vi), id = d$effect_id) }
mh <- function(d) { f <- quiet(rma.mh(ai = events_treatment, n1i = n_treatment, ci = events_control, n2i = n_control,
                                      data = d, measure = "OR"))
  list(k = f$k, estimate = c(f$beta), se = f$se, p_value = f$pval, ci_lower = f$ci.lb, ci_upper = f$ci.ub, q = f$QE, i2 = f$I2) }
peto <- function(d) { f <- quiet(rma.peto(ai = events_treatment, n1i = n_treatment, ci = events_control, n2i = n_control, data = d))
  list(k = f$k, estimate = c(f$beta), se = f$se, p_value = f$pval, ci_lower = f$ci.lb, ci_upper = f$ci.ub, q = f$QE) }
line <- function(y, x, w) { f <- lm(y ~ x, weights = w); s <- coef(summary(f)); ci <- confint(f)
  list(intercept = s[1, 1], intercept_ci_lower = ci[1, 1], intercept_ci_upper = ci[1, 2], slope = s[2, 1],
       statistic = s[2, 3], p_value = s[2, 4]) }
e <- odds(li)
n <- li$n_treatment + li$n_control
deaths <- li$events_treatment + li$events_control
large <- n >= 1000
ami <- list(
  inputs = inputs(e$id, e$yi, e$vi), main = model(e), common = mh(li), default = default(e, "knha"),
  sensitivity = c(standard(e, mh(li)), list(
    "Peto" = peto(li),
    "DerSimonian-Laird" = model(e, "DL"),
    "ISIS-4 and MAGIC only" = mh(li[li$study_id %in% c("isis1995", "magic2002"), ]),
    "Without ISIS-4" = model(odds(li[li$study_id != "isis1995", ])),
    "Without Rasmussen 1986" = model(odds(li[li$study_id != "rasmussen1986", ])),
    "With Yavelov 1995" = model(odds(rbind(li, early[early$dataset %in% "neither", ]))),
    "Egger 2001 data set" = model(odds(early[early$dataset %in% "egger2001", ])))),
  subgroups = list("size" = list(groups = list("1,000 patients or more" = mh(li[large, ]), "Fewer than 1,000 patients" = mh(li[!large, ])),
                                 between = between(e, large))),
  peese = line(e$yi, e$vi, 1 / e$vi), peters = line(e$yi, 1 / n, 1 / (1 / deaths + 1 / (n - deaths))),
  small = model(odds(li[!large, ]), test = "knha"))

# Low serum magnesium on dialysis ---------------------------------------------------------------------
hazards <- rows_of("dialysis-all-cause-death.csv")
inverted <- hazards$derivation %in% "invert_ratio"
printed <- hazards[inverted, c("estimate", "ci_lower", "ci_upper")]
hazards[inverted, c("estimate", "ci_lower", "ci_upper")] <- 1 / printed[, c("estimate", "ci_upper", "ci_lower")]
ratio <- function(d, null = rep(FALSE, nrow(d)))
  list(yi = ifelse(null, 0, log(d$estimate)), vi = ((log(d$ci_upper) - log(d$ci_lower)) / (2 * qnorm(0.975)))^2, id = d$effect_id)
used <- hazards[hazards$pool_role == "primary", ]
e <- ratio(used)
dialysis <- list(
  inputs = inputs(e$id, e$yi, e$vi), main = model(e), common = model(e, "EE", "z"), default = default(e, "knha"),
  sensitivity = c(standard(e, model(e, "EE", "z")), list(
    "With two more studies" = model(ratio(hazards[hazards$pool_role %in% c("primary", "sensitivity"), ])),
    "Without the subdistribution hazard ratio" = model(ratio(used[used$measure_reported != "SHR", ])),
    "Haemodialysis only" = model(ratio(used[used$stratum == "haemodialysis", ])),
    "Lost after albumin set to no association" = model(ratio(used, used$null_after_albumin %in% "yes")),
    "DerSimonian-Laird" = model(e, "DL"))),
  subgroups = list("modality" = list(groups = list("Haemodialysis" = model(ratio(used[used$stratum == "haemodialysis", ]))),
                                     between = between(e, used$stratum))))

# Magnesium and parathyroid hormone on haemodialysis --------------------------------------------------
pth <- rows_of("pth-correlation.csv")
pth <- pth[pth$outcome_id == "mg_pth_correlation", ]
derived <- pth$derivation %in% "n_from_r_and_p"
p_at <- function(n, r) 2 * pt(-abs(r) * sqrt((n - 2) / (1 - r^2)), n - 2)
pth$n_analysed[derived] <- mapply(function(r, p) { n <- 4:100000; n[which.min(abs(p_at(n, r) - p))] },
                                  pth$r[derived], pth$p_value[derived])
z <- function(d) { d <- d[!is.na(d$n_analysed), ]
  e <- escalc(measure = "ZCOR", ri = d$r, ni = d$n_analysed); list(yi = c(e$yi), vi = c(e$vi), id = d$effect_id) }
used <- pth[pth$pool_role == "primary", ]
nulls <- pth[pth$pool_role == "display" & pth$result_status == "null_no_number", ]
nulls$r <- rep(0, nrow(nulls))
e <- z(used)
correlation <- list(
  inputs = inputs(e$id, e$yi, e$vi), main = model(e), common = model(e, "EE", "z"),
  sensitivity = c(standard(e, model(e, "EE", "z")), list(
    "With Tishreen 2020" = model(z(pth[pth$pool_role %in% c("primary", "sensitivity"), ])),
    "Unprinted nulls as zero" = model(z(rbind(used, nulls))),
    "DerSimonian-Laird" = model(e, "DL"))), subgroups = setNames(list(), character()))

# Magnesium in subarachnoid haemorrhage ---------------------------------------------------------------
sah <- rows_of("sah-poor-outcome.csv")
for (arm in c("treatment", "control")) {
  events <- paste0("events_", arm)
  worked_out <- sah$derivation %in% "events_from_percent"
  sah[[events]][worked_out] <- round(sah[[paste0("percent_", arm)]][worked_out] * sah[[paste0("n_", arm)]][worked_out] / 100)
}
# A row with counts of both arms gives its effect by them, any other row by what it prints.
ratios <- function(ids, m) { d <- sah[sah$effect_id %in% ids, ]
  e <- quiet(escalc(measure = m, ai = events_treatment, n1i = n_treatment, ci = events_control, n2i = n_control, data = d))
  p <- ratio(d); has <- !is.na(e$yi)
  list(yi = ifelse(has, c(e$yi), p$yi), vi = ifelse(has, c(e$vi), p$vi), id = d$effect_id) }
used <- sah[sah$outcome_id == "poor_outcome" & sah$pool_role == "primary", ]
e <- ratios(used$effect_id, "RR")
haemorrhage <- list(
  inputs = inputs(e$id, e$yi, e$vi), main = model(e), common = model(e, "EE", "z"),
  sensitivity = c(standard(e, model(e, "EE", "z")), list(
    "IMASH with the other counts" = model(ratios(c("vandenbergh2005-poor-outcome-1", "dorhoutmees2012-poor-outcome-1",
                                                   "wong2010-poor-outcome-2"), "RR")),
    "Odds ratios, with Bradford 2013" = model(ratios(c("dorhoutmees2012-poor-outcome-1", "wong2010-poor-outcome-1",
                                                       "bradford2013-poor-outcome-1"), "OR")),
    "DerSimonian-Laird" = model(e, "DL"))), subgroups = setNames(list(), character()))

# One randomised trial of supplements -----------------------------------------------------------------
single <- function(file, outcome) {
  d <- rows_of(file)
  d <- d[d$outcome_id == outcome & d$pool_role == "primary", ]
  of <- function(m) { e <- quiet(escalc(measure = m, ai = events_treatment, n1i = n_treatment, ci = events_control,
                                        n2i = n_control, data = d)); list(yi = c(e$yi), vi = c(e$vi), id = d$effect_id) }
  e <- of("RR")
  cells <- matrix(c(d$events_treatment, d$n_treatment - d$events_treatment, d$events_control, d$n_control - d$events_control), 2, byrow = TRUE)
  list(inputs = inputs(e$id, e$yi, e$vi), main = model(e), p_exact = fisher.test(cells)$p.value,
       sensitivity = list("Risk difference" = model(of("RD")), "Odds ratio" = model(of("OR"))), subgroups = setNames(list(), character()))
}

write_json(list(versions = versions(), questions = list(
  "iv-magnesium-ami-mortality" = ami,
  "low-magnesium-dialysis-mortality" = dialysis,
  "magnesium-pth-haemodialysis" = correlation,
  "magnesium-supplementation-ckd-gi-events" = single("ckd-supplementation-gi-events.csv", "gi_adverse_events"),
  "magnesium-supplementation-ckd-deaths" = single("ckd-supplementation-deaths.csv", "all_cause_death"),
  "magnesium-supplementation-ckd-cv-events" = single("ckd-supplementation-cv-events.csv", "cardiovascular_events"),
  "magnesium-sah-poor-outcome" = haemorrhage,
  "magnesium-eclampsia" = single("eclampsia.csv", "eclampsia"),
  "magnesium-postoperative-atrial-fibrillation" =
    single("postoperative-atrial-fibrillation.csv", "postoperative_atrial_fibrillation"))),
  "questions.json")
