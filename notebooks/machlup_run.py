"""Read a run's directory of machlup into pandas and ArviZ.

    import machlup_run
    run = machlup_run.load("../runs/quickstart")
    run.tables                        # names of the tables
    run["fluctuations"]               # a DataFrame; swept parameters joined from tasks.csv
    run["fluctuations"].attrs["units"]["std"]
    run.describe("fluctuations")      # unit and meaning of every column
    run.inference_data("stationary/r0")

Only csv/, its sidecars, config.toml and manifest.json are read. Numbers keep all their
digits; an empty cell is NaN, never zero.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from pathlib import Path

import pandas as pd

_DTYPES = {"double": "float64", "integer": "Int64", "boolean": "boolean", "string": "str"}
_REPLICA = re.compile(r"/r\d+$")


def load(run: str | Path) -> Run:
    """A run: the directory that machlup wrote, or its name below RUNS.

    RUNS is the environment variable MACHLUP_RUNS, or ../runs, where `machlup run` writes
    when it is called in the folder above.
    """
    path = Path(run)
    if not path.is_dir():
        path = Path(os.environ.get("MACHLUP_RUNS", "../runs")) / path
    return Run(path)


def style() -> None:
    """Matplotlib in the house style: Okabe and Ito's colours, which the colour-blind can tell apart."""
    import matplotlib as mpl

    mpl.rcParams.update({
        "axes.prop_cycle": mpl.cycler(color=["#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#000000"]),
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e1e1e1",
        "figure.figsize": (9, 4), "figure.constrained_layout.use": True, "errorbar.capsize": 2, "legend.frameon": False,
    })


class Run:
    """A run's directory. Tables are read when they are asked for, and kept."""

    def __init__(self, directory: str | Path):
        self.directory = Path(directory)
        csv = self.directory / "csv"
        if not (csv / "tasks.csv").is_file():
            raise FileNotFoundError(
                f"{self.directory}: found no csv/tasks.csv; allowed: the directory of a run "
                "(machlup run EXPERIMENT --out DIR; machlup merge DIR for shards)"
            )
        self.tables = sorted(p.stem for p in csv.glob("*.csv"))
        self._read: dict[str, pd.DataFrame] = {}
        self.tasks = self._table("tasks")
        fixed = {"task", "hash", "replica", "status", "diverged_step", "note"}
        #: the swept keys, columns of every table: dotted names as in the config
        self.swept = [c for c in self.tasks.columns if c not in fixed]

    def __repr__(self) -> str:
        return f"<machlup run {self.name!r}: {len(self.tasks)} tasks, tables {', '.join(self.tables)}>"

    @property
    def name(self) -> str:
        return self.config.get("name", self.directory.name)

    @property
    def config(self) -> dict:
        """config.toml: every default written out."""
        path = self.directory / "config.toml"
        return tomllib.loads(path.read_text()) if path.is_file() else {}

    @property
    def manifest(self) -> dict:
        """manifest.json: versions, seeds, times, SHA-256 of every output."""
        path = self.directory / "manifest.json"
        return json.loads(path.read_text()) if path.is_file() else {}

    def __contains__(self, table: str) -> bool:
        return table in self.tables

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A table with the swept parameters of its tasks, and the replica, as further columns.

        Rows that pool replicas, estimators or starts belong to no single task; they get the
        parameters that all their tasks share, and a missing value where these differ. ``attrs["units"]`` and ``attrs["docs"]`` hold
        unit and meaning by column, ``attrs["description"]`` those of the table.
        """
        if table == "tasks":
            return self.tasks.copy()
        frame = self._table(table)
        if "task" in frame.columns and "replica" not in frame.columns:
            attrs = frame.attrs
            frame = frame.assign(replica=frame["task"].str.extract(r"/r(\d+)$")[0].astype("Int64"))
            frame.attrs = {**attrs, "units": attrs["units"] | {"replica": "1"}, "docs": attrs["docs"] | {"replica": "replica; empty where they are pooled"}}
        missing = [k for k in self.swept if k not in frame.columns]
        if not missing or "task" not in frame.columns:
            return frame.copy()
        labels = frame["task"].map(point)
        joined = frame.assign(_point=labels).merge(self._parameters(labels.unique())[missing], how="left", left_on="_point", right_index=True).drop(columns="_point")
        joined.attrs = {**frame.attrs, "units": frame.attrs["units"] | {k: self.tasks.attrs["units"][k] for k in missing},
                        "docs": frame.attrs["docs"] | {k: self.tasks.attrs["docs"][k] for k in missing}}
        return joined

    def _parameters(self, points) -> pd.DataFrame:
        """By sweep point, the parameters that its tasks share: those whose label has all its parts."""
        parts = [set(point(t).split(",")) for t in self.tasks["task"]]
        known, first, shared = [], [], []
        for p in points:
            rows = [i for i, of in enumerate(parts) if p == "" or set(p.split(",")) <= of]
            if rows:
                known.append(p)
                first.append(rows[0])
                shared.append((self.tasks[self.swept].iloc[rows].nunique(dropna=False) == 1).tolist())
        frame = self.tasks[self.swept].iloc[first].set_axis(known)
        return frame.where(pd.DataFrame(shared, index=known, columns=self.swept, dtype=bool))

    def describe(self, table: str) -> pd.DataFrame:
        """Unit and meaning of every column of a table."""
        attrs = self[table].attrs
        return pd.DataFrame({"unit": attrs["units"], "meaning": attrs["docs"]})

    def _table(self, table: str) -> pd.DataFrame:
        if table not in self.tables:
            raise KeyError(f"{self.directory}: found no table {table!r}; allowed: {', '.join(self.tables)}")
        if table not in self._read:
            path = self.directory / "csv" / f"{table}.csv"
            meta = json.loads(path.with_name(path.name + "-metadata.json").read_text())
            columns = meta["tableSchema"]["columns"]
            frame = pd.read_csv(path, dtype={c["name"]: _DTYPES[c["datatype"]] for c in columns},
                                keep_default_na=False, na_values={c["name"]: [""] for c in columns if c["datatype"] != "string"})
            frame.attrs = {
                "description": meta["description"],
                "units": {c["name"]: c["unit"] for c in columns},
                "docs": {c["name"]: c["description"] for c in columns},
            }
            self._read[table] = frame
        return self._read[table]

    def check(self) -> list[str]:
        """Outputs whose SHA-256 is not the manifest's; empty if all is as the run left it."""
        bad = []
        for name, want in self.manifest.get("outputs", {}).items():
            path = self.directory / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != want:
                bad.append(name)
        return bad

    def inference_data(self, task: str, observables: list[str] | None = None):
        """The chains of a task in trace.csv as ArviZ's InferenceData (group posterior).

        Dimensions are chain and draw. Chains that ended early (a divergence) are cut, with
        the others, to the shortest: ArviZ wants a rectangle.
        """
        import arviz as az

        trace = self["trace"]
        rows = trace[trace["task"] == task]
        if rows.empty:
            raise KeyError(f"{self.directory}: found no task {task!r} in trace.csv; allowed: {', '.join(trace['task'].unique())}")
        fixed = {"task", "chain", "draw", "step", "time", "replica", *self.swept}
        names = observables or [c for c in rows.columns if c not in fixed and rows[c].notna().any()]
        draws = int(rows.groupby("chain")["draw"].nunique().min())
        data = {}
        for name in names:
            wide = rows.pivot(index="chain", columns="draw", values=name).sort_index()
            data[name] = wide.iloc[:, :draws].to_numpy(dtype=float)
        return az.from_dict(posterior=data, attrs={"inference_library": "machlup", "task": task})


def point(label: str) -> str:
    """The sweep point of a task's label ESTIMATOR/POINT/rN; empty without a sweep."""
    return "/".join(_REPLICA.sub("", label).split("/")[1:])


def z(value, error, reference, reference_error=0.0):
    """(value − reference) in units of both errors together."""
    return (value - reference) / (error**2 + reference_error**2) ** 0.5
