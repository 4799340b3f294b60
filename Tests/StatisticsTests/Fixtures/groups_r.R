# Tests between levels: Welch (oneway.test, t.test) and Kruskal-Wallis (kruskal.test). Values come from a linear congruential
# generator, so that no package or version of R changes them; rounded to 3 decimals where ties are wanted.
state <- 12345
draw <- function(n) vapply(seq_len(n), function(i) {
  state <<- (state * 16807) %% 2147483647
  state / 2147483647
}, 0)
cases <- list(
  two_levels = list(round(0.90 + 0.05 * draw(14), 6), round(0.91 + 0.08 * draw(19), 6)),
  two_levels_one_constant = list(c(3, 3, 3), c(1.5, 2.25, 4, 4.5)),
  three_levels = list(round(20 + 4 * draw(12), 6), round(21 + 9 * draw(10), 6), round(19 + 6 * draw(25), 6)),
  ties = list(round(5 * draw(15)), round(1 + 5 * draw(11)), round(5 * draw(18)), round(2 + 4 * draw(10))),
  small_scale = list(1e-7 * round(100 + 7 * draw(10), 6), 1e-7 * round(100 + 9 * draw(13), 6), 1e-7 * round(98 + 9 * draw(11), 6)),
  far_apart = list(round(draw(30), 6), round(40 + 2 * draw(30), 6), round(80 + draw(30), 6)),
  two_each = list(c(1, 2), c(2, 4), c(3, 7), c(1.5, 9)),
  shares = list(c(0,1,1,1,1,0,1,1,1,1,1), c(1,1,1,0,1,0,0,1,1,0,1,1)))
num <- function(x) sprintf("%.17g", x)
arr <- function(x) paste0("[", paste(num(x), collapse = ", "), "]")
out <- vapply(names(cases), function(name) {
  x <- unlist(cases[[name]]); g <- factor(rep(seq_along(cases[[name]]), lengths(cases[[name]])))
  k <- kruskal.test(x, g)
  if (nlevels(g) == 2) {
    t <- t.test(cases[[name]][[1]], cases[[name]][[2]])
    w <- c(t$statistic, 1, t$parameter, t$p.value)
  } else {
    o <- oneway.test(x ~ g); w <- c(o$statistic, o$parameter, o$p.value)
  }
  sprintf('  "%s": {\n   "levels": [%s],\n   "welch": {"statistic": %s, "numerator": %s, "denominator": %s, "p": %s},\n   "kruskal_wallis": {"statistic": %s, "degrees_of_freedom": %s, "p": %s}\n  }',
    name, paste(vapply(cases[[name]], arr, ""), collapse = ",\n    "), num(w[1]), num(w[2]), num(w[3]), num(w[4]),
    num(k$statistic), num(k$parameter), num(k$p.value))
}, "")
cat(sprintf('{\n "name": "groups_r",\n "reference": "%s: t.test, oneway.test, kruskal.test; made with groups_r.R",\n "expected": {\n%s\n }\n}\n', R.version.string, paste(out, collapse = ",\n")))
