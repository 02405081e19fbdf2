# Knits every exercise of a folder as R/exams does, which is not in Debian: pictures come through include_supplement.
args <- commandArgs(trailingOnly = TRUE)
setwd(args[1])
include_supplement <- function(file, ...) if (!file.exists(file)) stop("no supplement ", file)
for (file in list.files(pattern = "[.]Rmd$")) {
  knitr::knit(file, sub("Rmd$", "md", file), quiet = TRUE, envir = new.env(parent = globalenv()))
}
