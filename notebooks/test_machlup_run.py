"""Tests of the loader on the runs in MACHLUP_RUNS: python -m unittest."""

import csv
import math
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import machlup_run as mr

RUNS = Path(os.environ["MACHLUP_RUNS"])


class Tables(unittest.TestCase):
    def setUp(self):
        self.run = mr.load("quickstart")

    def test_every_table_is_whole(self):
        for name in self.run.tables:
            with self.subTest(name):
                frame = self.run[name]
                with open(RUNS / "quickstart" / "csv" / f"{name}.csv", newline="") as f:
                    rows = list(csv.reader(f))
                self.assertEqual(len(frame), len(rows) - 1)
                self.assertEqual(list(frame.columns[: len(rows[0])]), rows[0])
                self.assertEqual(set(frame.columns), set(frame.attrs["units"]))
                self.assertEqual(set(frame.attrs["docs"]), set(frame.attrs["units"]))

    def test_parameters_are_joined_and_digits_kept(self):
        frame = self.run["fluctuations"]
        for _, row in frame.head(20).iterrows():
            self.assertIn(row["trainer.generator.optimizer"], row["task"])
        path = RUNS / "quickstart" / "csv" / "fluctuations.csv"
        text = path.read_text().splitlines()[1].rsplit('"', 1)[-1].split(",")
        self.assertEqual(repr(float(text[3])), repr(float(frame["mean"].iloc[0])))

    def test_rows_that_pool_have_parameters_but_no_replica(self):
        pooled = self.run["summary"].query("quantity == 'log_z_ratio'")
        self.assertGreater(len(pooled), 0)
        self.assertTrue(pooled["trainer.generator.optimizer"].notna().all())

    def test_empty_cells_are_missing(self):
        reference = self.run["partition"].query("quantity == 'log_z_ratio'")["reference"]
        self.assertTrue(reference.isna().all())

    def test_what_is_not_there_is_said(self):
        with self.assertRaisesRegex(KeyError, "found no table 'nothing'; allowed: .*fluctuations"):
            self.run["nothing"]
        with self.assertRaisesRegex(FileNotFoundError, "found no csv/tasks.csv"):
            mr.load("/nowhere")
        with self.assertRaisesRegex(KeyError, "found no task 'x' in trace.csv"):
            self.run.inference_data("x")

    def test_hashes(self):
        self.assertEqual(self.run.check(), [])
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(RUNS / "quickstart", copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tasks"))
            with open(Path(copy) / "csv" / "partition.csv", "a") as f:
                f.write("\n")
            self.assertEqual(mr.load(copy).check(), ["csv/partition.csv"])


class PooledStarts(unittest.TestCase):
    """Rows over several starts have the parameters that all of these share, and no start."""

    def test_parameters(self):
        run = mr.load("curie-weiss")
        beta, spins, start = (f"system.curie-weiss.{k}" for k in ("beta", "spins", "start"))
        self.assertEqual(set(run.tasks[start]), {"up", "mixed"})
        for table in ("transition", "phase"):
            frame = run[table]
            self.assertGreater(len(frame), 0)
            self.assertFalse(frame["task"].str.contains("start=").any())
            self.assertTrue(frame[start].isna().all())
            self.assertTrue((frame[spins] == frame["size"]).all())
            self.assertTrue(frame[beta].notna().all())
            self.assertEqual([frame[k].dtype for k in (beta, spins)], [run.tasks[k].dtype for k in (beta, spins)])
        self.assertTrue((run["transition"][beta] == run["transition"]["control"]).all())
        own = run["summary"].query("quantity == 'tau_int'")  # of a task, which has one start
        self.assertEqual(set(own[start]), {"up", "mixed"})
        whole = run["crossings"]  # of all tasks
        self.assertTrue(whole[[beta, spins, start]].isna().all(axis=None))


class Labels(unittest.TestCase):
    def test_point(self):
        for label, want in {
            "ensemble/r0": "", "phase": "", "ti/optimizer=sgd,action=innovation/r3": "optimizer=sgd,action=innovation",
            "log_z/temperature=0.1": "temperature=0.1", "ensemble/file=a/r2/b.csv/r11": "file=a/r2/b.csv",
        }.items():
            self.assertEqual(mr.point(label), want)

    def test_z(self):
        self.assertAlmostEqual(mr.z(1.0, 3.0, 6.0, 4.0), -1.0)


class ArviZ(unittest.TestCase):
    """machlup's τ, ESS and R̂ beside ArviZ's, on the same chains."""

    def test_agrees(self):
        import warnings

        warnings.simplefilter("ignore")
        import arviz as az

        run = mr.load("stationary")
        for task in run.tasks["task"]:
            data = run.inference_data(task)
            phase = run["phase"].query("task == @task").set_index("observable")
            self.assertEqual(sorted(data.posterior.data_vars), sorted(phase.index))
            for name, row in phase.iterrows():
                self.assertAlmostEqual(float(az.rhat(data)[name]), row["rhat"], delta=1e-6)
                self.assertAlmostEqual(float(data.posterior[name].mean()), row["mean"], delta=1e-9)
                ess = float(az.ess(data, method="mean")[name])
                self.assertLess(abs(math.log(ess / row["ess"])), math.log(1.5), f"{name}: ArviZ {ess}, machlup {row['ess']}")


if __name__ == "__main__":
    unittest.main()
