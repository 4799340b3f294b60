# Compares the pooled estimates of a run with metafor on the exported tables.
#
#   validate store export --store pooled.sqlite --run RUN --format csv --output tables/
#   Rscript pooled_metafor.R tables/ EP.SSIM=ssim/body EP.HD95=hausdorff_95/lesions
#
# Debian packages r-cran-metafor, r-cran-jsonlite. Ends with 1 when a figure differs by more than 1e-6, relative.
suppressMessages({library(metafor); library(jsonlite)})
args <- commandArgs(trailingOnly = TRUE)
tables <- args[1]
read <- function(name) read.csv(file.path(tables, paste0(name, ".csv")), check.names = FALSE)
measurements <- read("measurements")
analyses <- read("analyses")
worst <- 0
for (argument in args[-1]) {
  parts <- strsplit(argument, "=")[[1]]
  endpoint <- parts[1]
  place <- strsplit(parts[2], "/")[[1]]
  rows <- measurements[measurements$metric == place[1] & measurements$structure == place[2] & !is.na(measurements$value), ]
  sites <- split(rows$value, rows$site)
  yi <- sapply(sites, mean)
  vi <- sapply(sites, function(x) var(x) / length(x))
  # The threshold is absolute in metafor; it has to follow the scale of the endpoint.
  control <- list(stepadj = 0.5, maxiter = 10000, threshold = max(1e-14, 1e-13 * var(yi)))
  fit <- rma(yi, vi, method = "REML", test = "adhoc", control = control)
  prediction <- predict(fit, pi.type = "riley")
  profile <- confint(fit, control = list(tol = 1e-14, tau2.max = max(0.01, 1000 * var(yi))))$random["tau^2", ]
  line <- analyses[analyses$endpoint == endpoint & analyses$kind == "heterogeneity" & analyses$method == "random_effects", ]
  stored <- fromJSON(line$parameters)
  check <- function(name, ours, theirs) {
    error <- abs(ours - theirs) / max(abs(theirs), 1e-300)
    if (theirs == 0 && ours == 0) error <- 0
    worst <<- max(worst, error)
    cat(sprintf("%-10s %-18s %.15g %.15g %.1e\n", endpoint, name, ours, theirs, error))
  }
  check("estimate", line$estimate, as.numeric(fit$beta))
  check("lower", line$lower, fit$ci.lb)
  check("upper", line$upper, fit$ci.ub)
  check("tau_squared", stored$tau_squared, fit$tau2)
  check("tau_squared_lower", stored$tau_squared_lower, profile[["ci.lb"]])
  check("tau_squared_upper", stored$tau_squared_upper, profile[["ci.ub"]])
  check("i_squared", stored$i_squared_percent, fit$I2)
  check("q", stored$q, fit$QE)
  check("q_p", line$p, fit$QEp)
  check("prediction_lower", stored$prediction_lower, prediction$pi.lb)
  check("prediction_upper", stored$prediction_upper, prediction$pi.ub)
  without <- analyses[analyses$endpoint == endpoint & analyses$method == "random_effects_without", ]
  for (index in seq_len(nrow(without))) {
    left <- names(sites) != without$group[index]
    fit <- rma(yi[left], vi[left], method = "REML", test = "adhoc", control = control)
    check(paste0("without_", without$group[index]), without$estimate[index], as.numeric(fit$beta))
  }
}
cat(sprintf("metafor %s, largest relative difference %.1e\n", as.character(packageVersion("metafor")), worst))
quit(status = if (worst <= 1e-6) 0 else 1)
