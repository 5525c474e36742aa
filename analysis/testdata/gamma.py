"""Writes gamma.json: what pyerrors says of the Γ-method, which package analysis must reproduce.

    python3 -m venv venv && venv/bin/pip install pyerrors==2.17.0
    venv/bin/python gamma.py > gamma.json

Data are rounded to four decimals first, so that the file holds exactly what the package saw.
"""
import json
import sys

import numpy as np
import pyerrors

rng = np.random.default_rng(20251126)


def ar1(alpha, length):
    x = rng.normal(size=length)
    for t in range(1, length):
        x[t] = alpha * x[t - 1] + np.sqrt(1 - alpha**2) * x[t]
    return np.round(x, 4).tolist()


def case(name, chains):
    mean = np.mean(np.concatenate(chains))  # deviations from the common mean, as Wolff's
    o = pyerrors.Obs([np.array(c) - mean for c in chains], ["e|r%d" % i for i in range(len(chains))], means=[mean] * len(chains))
    o.gamma_method(S=1.5)
    return {"name": name, "chains": chains, "stderr": o.dvalue, "window": int(o.e_windowsize["e"]),
            "tau": o.e_tauint["e"], "tau_stderr": o.e_dtauint["e"]}


json.dump({"versions": {"python": sys.version.split()[0], "numpy": np.__version__, "pyerrors": pyerrors.__version__},
           "series": [case("short memory", [ar1(0.3, 300)]), case("long memory", [ar1(0.9, 600)]),
                      case("two chains", [ar1(0.7, 200), ar1(0.7, 250)]), case("three chains", [ar1(0.4, 200) for _ in range(3)]),
                      case("one of 500", [ar1(0.6, 500)]), case("two of 400", [ar1(0.5, 400), ar1(0.5, 400)]), case("one of 1000", [ar1(0.5, 1000)])]}, sys.stdout)
