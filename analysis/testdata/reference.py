"""Writes reference.json: numbers of established packages that package analysis must reproduce.

    python3 -m venv venv && venv/bin/pip install arviz==0.22.0 numpy==2.4.6 scipy==1.17.1 pymbar==4.0.3 numexpr
    venv/bin/python reference.py > reference.json

The versions are written into the file. Data are rounded to four decimals first, so that the
file holds exactly what the packages saw.
"""
import json
import sys

import arviz
import numpy as np
import scipy
import scipy.stats
import pymbar
from pymbar.other_estimators import bar

rng = np.random.default_rng(20240607)


def ar1(alpha, chains, draws):
    x = np.empty((chains, draws))
    x[:, 0] = rng.normal(size=chains)
    for t in range(1, draws):
        x[:, t] = alpha * x[:, t - 1] + np.sqrt(1 - alpha**2) * rng.normal(size=chains)
    return x


def chains():
    cases = {
        "ar1": ar1(0.5, 4, 120),
        "apart": ar1(0.8, 3, 101) + np.array([[0.0], [1.0], [2.5]]),
        "scales": rng.standard_cauchy((2, 60)) * np.array([[1.0], [4.0]]),
        "ties": np.round(2 * ar1(0.3, 4, 80)),
        "single": np.linspace(-1, 1, 100)[None, :] + rng.normal(size=(1, 100)),
        "alternating": ar1(-0.6, 4, 100),
        "short": rng.normal(size=(2, 8)),
        "binary": (ar1(0.9, 4, 100) > 0.5).astype(float),
    }
    out = []
    for name, x in cases.items():
        x = np.round(x, 4)
        case = {"name": name, "chains": x.tolist()}
        case["ess_bulk"] = float(arviz.ess(x, method="bulk"))
        case["ess_tail"] = float(arviz.ess(x, method="tail"))
        if len(x) > 1:  # ArviZ refuses R̂ of one chain
            case["rhat"] = float(arviz.rhat(x, method="rank"))
            case["rhat_bulk"] = float(arviz.rhat(x, method="z_scale"))
            case["rhat_folded"] = float(arviz.rhat(x, method="folded"))
        out.append(case)
    return out


def weights():
    out = []
    for size, scale in ((60, 0.5), (400, 1.5), (900, 3.0)):
        logw = np.round(scale * rng.normal(size=size), 4)
        out.append({"logw": logw.tolist(), "k": float(arviz.psislw(logw.copy())[1])})
    return out


def kolmogorov():
    return [
        {"n": n, "d": d, "p": float(scipy.stats.kstwo.sf(d, n))}
        for n in (10, 30, 100, 1000)
        for d in np.round(np.array([0.4, 0.6, 0.9, 1.2, 1.6]) / np.sqrt(n), 4).tolist()
    ]


def anderson_darling(n=8, repeats=8_000_000):
    """P(A² > z) for n draws by simulation (standard error below 2e-4), as a check of finite n."""
    z = np.array([0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
    above = np.zeros(len(z))
    weight = 2 * np.arange(1, n + 1) - 1
    simulate = np.random.default_rng(7)
    for _ in range(80):
        u = np.sort(simulate.random((repeats // 80, n)), axis=1)
        a2 = -n - (weight * (np.log(u) + np.log1p(-u[:, ::-1]))).mean(axis=1)
        above += [(a2 > v).sum() for v in z]
    return {"n": n, "z": z.tolist(), "p": (above / repeats).tolist()}


def harmonic():
    """Four harmonic states k x²/2 of unequal sizes, the third without draws."""
    k = np.array([1.0, 1.8, 3.0, 4.5])
    n = np.array([40, 25, 0, 30])
    x = np.round(np.concatenate([rng.normal(size=m) / np.sqrt(s) for s, m in zip(k, n)]), 4)
    u = 0.5 * k[:, None] * x**2
    m = pymbar.MBAR(u, n, relative_tolerance=1e-14, solver_protocol="robust")
    d = m.compute_free_energy_differences()
    target = 0.5 * 2.4 * (x - 0.1) ** 2
    e = m.compute_perturbed_free_energies(np.vstack([u[0], target]))
    a = m.compute_expectations(x, u_kn=target)
    a2 = m.compute_expectations(x**2, u_kn=target)
    xf, xr = x[:40], x[40:65]
    b = bar(0.4 * xf**2, -0.4 * xr**2, relative_tolerance=1e-14, uncertainty_method="MBAR")
    return {
        "k": k.tolist(), "n": n.tolist(), "x": x.tolist(),
        "f": d["Delta_f"][0].tolist(), "df": d["dDelta_f"].tolist(),
        "overlap": m.compute_overlap()["matrix"].tolist(),
        "target_k": 2.4, "target_x": 0.1,
        "target_f": float(e["Delta_f"][0, 1]), "target_df": float(e["dDelta_f"][0, 1]),
        "target_mean": [float(a["mu"][0]), float(a2["mu"][0])],
        "target_stderr": [float(a["sigma"][0]), float(a2["sigma"][0])],
        "bar_f": float(b["Delta_f"]), "bar_df": float(b["dDelta_f"]),
    }


json.dump(
    {
        "versions": {
            "python": sys.version.split()[0], "arviz": arviz.__version__, "numpy": np.__version__,
            "scipy": scipy.__version__, "pymbar": pymbar.__version__,
        },
        "chains": chains(), "weights": weights(), "kolmogorov": kolmogorov(),
        "anderson_darling": anderson_darling(), "harmonic": harmonic(),
    },
    sys.stdout,
)
sys.stdout.write("\n")
