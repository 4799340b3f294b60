"""Writes Tests/StatisticsTests/Fixtures/distributions_exact.json: distribution functions to 40 digits with mpmath.

Usage: python distribution_values.py OUTPUT.json
"""
import json
import sys

import mpmath as mp

mp.mp.dps = 50
M = mp.mpf


def gamma_upper(a, x):
    return mp.gammainc(a, x, mp.inf, regularized=True)


def gamma_lower(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def beta_lower(a, b, x):
    """Soper's series, all terms positive; exact to the working precision for any shapes."""
    if x > a / (a + b):
        return 1 - beta_lower(b, a, 1 - x)
    front = mp.exp(a * mp.log(x) + b * mp.log(1 - x) - mp.log(a) - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b))
    term = total = M(1)
    k = 0
    while term > total * M(10) ** -45:
        term *= (a + b + k) * x / (a + 1 + k)
        total += term
        k += 1
    return front * total


def t_above(df, t):
    df, t = M(df), M(t)
    half = beta_lower(df / 2, M(1) / 2, df / (df + t * t)) / 2
    return half if t >= 0 else 1 - half


def f_above(n, d, x):
    n, d, x = M(n), M(d), M(x)
    return beta_lower(d / 2, n / 2, d / (d + n * x))


def normal_above(x):
    return mp.erfc(M(x) / mp.sqrt(2)) / 2


def nct(df, nc, t, above):
    """Trapezoidal rule in ln s over the root of the scaled chi square; its error falls faster than any power of the step."""
    df, nc, t = M(df), M(nc), M(t)
    front = mp.log(2) + df / 2 * mp.log(df / 2) - mp.loggamma(df / 2)

    def term(u):
        s = mp.exp(u)
        z = t * s - nc
        return normal_above(z if above else -z) * mp.exp(front + df * u - df * s * s / 2)

    def total(step):
        return step * mp.fsum(term(k * step) for k in range(int(-45 / min(df, 3) / step), int(3 / step)))

    with mp.workdps(25):
        step = M(1) / 8 / mp.sqrt(1 + 2 * df + max(nc * nc, t * t))
        coarse, fine = total(step * 2), total(step)
        assert abs(coarse - fine) < M(10) ** -14 * fine, (df, nc, t, coarse, fine)
        return fine


def binomial_at_most(n, p, k):
    return beta_lower(M(n - k), M(k + 1), 1 - M(p))


CASES = (
    [("normal_above", [x]) for x in (-3.0, 0.0, 0.3, 1.96, 5.0, 12.0, 30.0)]
    + [("t_above", [df, t]) for df in (1.0, 2.5, 9.0, 57.0, 1000.0, 100000.0) for t in (-1.5, 0.01, 0.7, 2.0, 6.0, 40.0)]
    + [("chi2_above", [df, x]) for df, x in ((1.0, 0.001), (1.0, 30.0), (5.0, 7.5), (30.0, 12.0), (30.0, 120.0), (2000.0, 1900.0), (2000.0, 2300.0))]
    + [("chi2_below", [df, x]) for df, x in ((1.0, 0.001), (5.0, 0.02), (30.0, 5.0), (2000.0, 1900.0), (2000.0, 1700.0))]
    + [("f_above", [n, d, x]) for n, d, x in ((1.0, 10.0, 25.0), (3.0, 52.0, 2.5), (3.0, 3.25, 90.0), (57.0, 57.0, 1.4), (5.0, 500.0, 12.0))]
    + [("beta_below", [a, b, x]) for a, b, x in ((1.0, 20.0, 0.3), (57.0, 2.0, 0.3), (0.5, 0.5, 0.001), (30.0, 40.0, 0.3), (500.0, 700.0, 0.45), (3.0, 900.0, 0.02))]
    + [("nct_below", [df, nc, t]) for df, nc, t in ((9.0, 2.5, 3.0), (57.0, 14.927, 3.0), (57.0, 14.927, 18.0), (1.0, 1.0, 2.0), (4.0, -2.0, -5.0), (29.0, 2.7386127875258306, 2.045), (199.0, 20.0, 21.0))]
    + [("nct_above", [df, nc, t]) for df, nc, t in ((9.0, 2.5, 3.0), (57.0, 0.0, 2.0), (57.0, 14.927, 25.0), (2.0, 1.0, 12.0), (4.0, -2.0, 1.0), (43.0, 3.3, 2.0))]
    + [("binomial_at_most", [n, p, k]) for n, p, k in ((20, 0.3, 2), (58, 0.5, 22), (1000, 0.01, 25), (100000, 0.5, 49500))]
)

FUNCTIONS = {
    "normal_above": normal_above,
    "t_above": t_above,
    "chi2_above": lambda df, x: gamma_upper(M(df) / 2, M(x) / 2),
    "chi2_below": lambda df, x: gamma_lower(M(df) / 2, M(x) / 2),
    "f_above": f_above,
    "beta_below": lambda a, b, x: beta_lower(M(a), M(b), M(x)),
    "nct_below": lambda df, nc, t: nct(df, nc, t, False),
    "nct_above": lambda df, nc, t: nct(df, nc, t, True),
    "binomial_at_most": binomial_at_most,
}

rows = [{"function": name, "arguments": arguments, "value": float(FUNCTIONS[name](*arguments))} for name, arguments in CASES]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"name": "distributions_exact", "reference": f"mpmath {mp.__version__}, 40 digits", "tolerance": 1e-10, "expected": rows}, file, indent=1)
