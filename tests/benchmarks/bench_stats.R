# Rscript bench_stats.R FOLDER: seconds of metafor on the data sets that bench_stats.py wrote there.
suppressMessages(library(metafor))
folder <- commandArgs(TRUE)[1]
read <- function(name) as.matrix(read.csv(file.path(folder, name), header = FALSE))
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
seconds <- function(expr) { start <- proc.time()[["elapsed"]]; force(expr); proc.time()[["elapsed"]] - start }
y <- read("many_y.csv"); v <- read("many_v.csv"); gy <- read("gosh_y.csv")[1, ]; gv <- read("gosh_v.csv")[1, ]
invisible(quiet(rma(y[1, ], v[1, ])))
each <- 100
many <- seconds(for (i in 1:each) try(quiet(rma(y[i, ], v[i, ], method = "REML")), silent = TRUE)) / each
f <- rma(gy, gv, method = "EE")
gosh_time <- seconds(quiet(gosh(f, progbar = FALSE)))
# A single REML fit of 2,000 studies takes metafor a minute (k x k matrices): it is left out.
cat(sprintf('{"version": "%s", "one": %.6f, "many": %.6f, "gosh": %.6f }\n', packageVersion("metafor"),
  many, many * nrow(y), gosh_time))
