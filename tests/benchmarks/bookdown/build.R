# What a user of R would write: one session, one chapter per question, bookdown::render_book.
# Rscript build.R ROOT OUT CHAPTER.Rmd
arguments <- commandArgs(trailingOnly = TRUE)
root <- normalizePath(arguments[1])
out <- arguments[2]
template <- readLines(arguments[3], encoding = "UTF-8")

fill <- function(text, id, title) {
  text <- gsub("{{id}}", id, text, fixed = TRUE)
  text <- gsub("{{title}}", title, text, fixed = TRUE)
  gsub("{{csv}}", file.path(root, "data", "effects", paste0(id, ".csv")), text, fixed = TRUE)
}

title_of <- function(file) sub("^title: *", "", grep("^title:", readLines(file, encoding = "UTF-8"), value = TRUE)[1])

dir.create(out, recursive = TRUE, showWarnings = FALSE)
setwd(out)
files <- sort(list.files(file.path(root, "data", "questions"), pattern = "[.]yml$", full.names = TRUE))
writeLines(c(
  "---", "title: \"Magnesium: a living meta-analysis\"", "site: bookdown::bookdown_site", "---", "",
  "```{r setup, include = FALSE}", "knitr::opts_chunk$set(echo = FALSE, dev = \"png\")",
  "suppressPackageStartupMessages({library(metafor); library(knitr)})", "```", "", "# Book {-}", ""
), "index.Rmd")
writeLines("delete_merged_file: true", "_bookdown.yml")
for (file in files) {
  id <- sub("[.]yml$", "", basename(file))
  writeLines(fill(template, id, title_of(file)), paste0(id, ".Rmd"))
}
bookdown::render_book("index.Rmd", "bookdown::gitbook", quiet = TRUE)
