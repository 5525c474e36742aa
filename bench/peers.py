"""machlup's benchmarks against the same work in PyTorch, JAX, C++ with OpenBLAS, and numpy.

Every peer first repeats a few steps of a numpy reference with given random inputs; only
then is it timed. All run on one core with one thread. In each round a benchmark is
measured for machlup and for every peer one after another, forwards in even rounds and
backwards in odd ones, so that a drift of the machine cancels. A ratio is the peer's time
over machlup's: min/min of all rounds, and the median of the rounds' own ratios.

A peer that cannot be had is skipped with the reason. Exit status: 0 done; 1 a peer does
other work than the reference, or it or a build fails; 2 usage.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

try:
    import numpy

    import reference
except ImportError as e:
    print("bench-peers skipped: %s has no numpy (%s); set PEERS to a Python that has what bench/requirements.txt pins"
          % (sys.executable, e))
    raise SystemExit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
CHECK_STEPS, CHECK_SWEEPS = 3, 100
FIXTURE_TOLERANCE = 1e-8  # of 50 steps; the reference solves a system of condition 1e6
EXACT = 1e-10
# float32 inverts a matrix of condition 1e6: that the same code is right is what float64 shows
SINGLE = {"sgd": 1e-4, "adam": 1e-3, "natural": 0.5, "natural-momentum": 0.5}
DOUBLE = {"sgd": 1e-10, "adam": 1e-10, "natural": 1e-7, "natural-momentum": 1e-7}

TRAINER = ["TrainerStep/" + name for name in reference.OPTIMIZERS]
PACKAGES = {"TrainerStep": "./gan", "SGLDStep": "./langevin", "PathSweep": "./pathint"}
UNITS = {"PathSweep/harmonic": reference.SLICES}  # pieces a benchmark's operation has
BENCHMARKS = TRAINER + ["SGLDStep", "PathSweep/harmonic"]
PAPER, PAPER_STEPS = "paper, one seed", 6001
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu",
              "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}


class Failure(Exception):
    """A real failure, said in a sentence."""


class Missing(Exception):
    """Why a peer is skipped."""


class Machlup:
    """The Go benchmarks, one test binary a package, one short run a measurement."""
    label = "machlup"

    def __init__(self, go, folder):
        self.binaries = {}
        for package in sorted(set(PACKAGES.values())):
            self.binaries[package] = os.path.join(folder, package[2:] + ".test")
            call(go + ["test", "-c", "-o", self.binaries[package], package])
        self.versions = call(go + ["run", "./cmd/machlup", "version"]).strip()

    def check(self):
        """The Go trainer follows the PyTorch fixture that the reference is held against."""
        out = self.run("./gan", "-test.run", "^TestPyTorchTrajectories$", "-test.v")
        if "--- PASS: TestPyTorchTrajectories" not in out:
            raise Failure("TestPyTorchTrajectories of ./gan does not pass:\n" + out)

    def time(self, name, _, seconds):
        pattern = "/".join("^%s$" % part for part in ("Benchmark" + name).split("/"))
        out = self.run(PACKAGES[name.split("/")[0]], "-test.run", "^$", "-test.bench", pattern,
                       "-test.benchtime", "%gs" % seconds, "-test.cpu", "1")
        m = re.search(r"^Benchmark%s\s+\d+\s+([0-9.e+]+) ns/op" % re.escape(name), out, re.M)
        if not m:
            raise Failure("no result of Benchmark%s in:\n%s" % (name, out))
        return float(m.group(1)) * 1e-9

    def run(self, package, *args):
        return call([self.binaries[package], *args], cwd=os.path.join(ROOT, package))


class Worker:
    """A peer's process, asked by the protocol of worker.py."""

    def __init__(self, label, command, preload=None):
        self.label = label
        self.errors = tempfile.TemporaryFile("w+")
        env = dict(os.environ, **ONE_THREAD)
        if preload:
            env["LD_PRELOAD"] = preload
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                            universal_newlines=True, bufsize=1, env=env, cwd=ROOT)
        except OSError as e:
            raise Missing("%s cannot be started (%s)" % (command[0], e.strerror))
        word, _, rest = self.read().partition(" ")
        if word == "missing":
            raise Missing("%s says %r" % (command[0], rest))
        self.versions, _, self.library = rest.partition("\t")

    def ask(self, *fields):
        try:
            self.process.stdin.write("\t".join(map(str, fields)) + "\n")
        except BrokenPipeError:
            pass  # read says what happened
        word, _, rest = self.read().partition(" ")
        if word != "ok":
            raise Failure("%s, %s: %s" % (self.label, " ".join(map(str, fields[:3])), rest))
        return [float(x) for x in rest.split()]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines()[-5:]
            raise Failure("%s ended with status %s: %s" % (self.label, self.process.wait(), "\n".join(said)))
        return line.rstrip("\n")

    def time(self, name, variant, seconds):
        return self.ask("time", name, variant, seconds)[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def call(command, cwd=ROOT):
    """Standard output of a command that must succeed."""
    try:
        done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    except OSError as e:
        raise Failure("%s cannot be started: %s" % (command[0], e.strerror))
    if done.returncode != 0:
        raise Failure("%s ended with status %d:\n%s" % (" ".join(command), done.returncode, done.stdout.strip()))
    return done.stdout


def compile_cpp(folder, library_folder):
    """The program of step.cpp, or Missing when there is no compiler or no OpenBLAS."""
    compiler = shlex.split(os.environ.get("CXX", "g++"))
    if not shutil.which(compiler[0]):
        raise Missing("%s is not installed" % compiler[0])
    link = ["-lopenblas", "-ldl"]
    if library_folder:
        link = ["-L" + library_folder, "-Wl,-rpath," + library_folder] + link
    empty = os.path.join(folder, "empty.cpp")
    with open(empty, "w") as f:
        f.write("int main() {}\n")
    try:
        call(compiler + ["-o", os.path.join(folder, "empty"), empty] + link)
    except Failure:
        raise Missing("the linker finds no OpenBLAS (Debian: libopenblas-dev; elsewhere --openblas FOLDER)")
    program = os.path.join(folder, "step")
    call(compiler + ["-std=c++17", "-O3", "-march=native", "-ffast-math", "-o", program, os.path.join(HERE, "step.cpp")] + link)
    return program


class Peers:
    """The peers at hand: columns = (label, worker, variant, benchmarks), skipped = reasons."""

    def __init__(self):
        self.columns, self.workers, self.skipped = [], [], []

    def add(self, what, start, columns):
        """start() gives the worker; columns are (label, what the worker is asked for, benchmarks)."""
        try:
            worker = start()
        except Missing as e:
            self.skipped.append("%s: %s" % (what, e))
            return None
        self.workers.append(worker)
        self.columns += [(label, worker, variant, benchmarks) for label, variant, benchmarks in columns]
        return worker

    def close(self):
        for w in self.workers:
            w.close()


def python_peer(label, python, script, preload=None):
    return lambda: Worker(label, [python, os.path.join(HERE, script)], preload)


def find_peers(args, folder):
    peers = Peers()
    cpp = peers.add("C++/OpenBLAS", lambda: Worker("C++/OpenBLAS", [compile_cpp(folder, args.openblas)]),
                    [("C++/OpenBLAS float64", "float64", TRAINER)])
    torch = peers.add("PyTorch", python_peer("PyTorch", sys.executable, "torch_peer.py"), [])
    if torch:
        slow = "reference BLAS" in torch.versions
        peers.columns += [("PyTorch%s %s" % (", reference BLAS," if slow else "", t), torch, t, TRAINER) for t in ("float32", "float64")]
        if slow:
            add_fast_torch(peers, cpp)
    peers.add("JAX", python_peer("JAX", args.jax_python, "jax_peer.py"),
              [("JAX jit %s, %s" % (t, mode), t + "-" + mode, TRAINER) for t in ("float32", "float64") for mode in ("call", "scan")])
    peers.add("numpy", python_peer("numpy", sys.executable, "numpy_peer.py"),
              [("numpy", "numpy", ["SGLDStep"]), ("plain Python", "loop", ["PathSweep/harmonic"]),
               ("numpy, even-odd", "even-odd", ["PathSweep/harmonic"])])
    return peers


def add_fast_torch(peers, cpp):
    """PyTorch with the optimised BLAS of the C++ program, where its own is the reference one."""
    what = "PyTorch with OpenBLAS"
    if not cpp:
        peers.skipped.append(what + ": no OpenBLAS; PyTorch's reference BLAS makes its natural gradient several times slower than it need be")
        return
    peers.add(what, python_peer(what, sys.executable, "torch_peer.py", cpp.library),
              [("%s %s" % (what, t), t, TRAINER) for t in ("float32", "float64")])


def check_reference():
    error = reference.difference_from_fixture(os.path.join(ROOT, "gan/testdata/pytorch.json"))
    if not error <= FIXTURE_TOLERANCE:
        raise Failure("the numpy reference differs from gan/testdata/pytorch.json by %.1e, allowed is %.1e" % (error, FIXTURE_TOLERANCE))
    return "numpy reference against gan/testdata/pytorch.json, 50 steps: %.1e" % error


def check_peer(folder, column):
    """One line a column: the worst relative error over its benchmarks."""
    label, worker, variant, benchmarks = column
    worst = 0.0
    for name in benchmarks:
        error, allowed = difference(folder, worker, variant, name)
        if not error <= allowed:
            raise Failure("%s does other work than the reference in %s: relative error %.1e, allowed is %.1e" % (label, name, error, allowed))
        worst = max(worst, error)
    return "%s: %.1e" % (label, worst)


def difference(folder, worker, variant, name):
    """Relative error of what the peer's steps change, and what is allowed."""
    kind, _, which = name.partition("/")
    if kind == "TrainerStep":
        start, inputs = numpy.concatenate(reference.start()), [reference.inputs(k) for k in range(CHECK_STEPS)]
        got = repeat(folder, worker, variant, name, start, inputs)
        allowed = (SINGLE if "float32" in variant else DOUBLE)[which]
        return reference.difference(which, CHECK_STEPS, got[:reference.N_PSI], got[reference.N_PSI:]), allowed
    if kind == "SGLDStep":
        start, inputs = reference.bell(1, reference.SGLD_DIM), [reference.bell(k, reference.SGLD_DIM) for k in (2, 3)]
        want = start
        for xi in inputs:
            want = reference.sgld(want, xi)
    else:
        n = reference.SLICES
        start, inputs = reference.SPREAD * reference.bell(1, n + 1), []
        start[0] = 0
        order = list(range(1, n + 1)) if variant == "loop" else list(range(1, n + 1, 2)) + list(range(2, n + 1, 2))
        want = start
        for k in range(CHECK_SWEEPS):
            z, u = reference.bell(1000 + k, n), reference.uniforms(2000 + k, n)
            inputs.append(numpy.concatenate([z, u]))
            want = reference.sweep(want, z, u, order)
    got = repeat(folder, worker, variant, name, start, inputs)
    return numpy.linalg.norm(got - want) / numpy.linalg.norm(want - start), EXACT


def repeat(folder, worker, variant, name, start, inputs):
    path = os.path.join(folder, "check.txt")
    with open(path, "w") as f:
        f.write("%d\n" % len(inputs))
        for numbers in [start, *inputs]:
            f.write(" ".join(repr(float(x)) for x in numbers) + "\n")
    return numpy.array(worker.ask("check", name, variant, path))


def check_noise(peers):
    """The C++ program's own normals have the moments 0, 1, 3 (5 standard errors)."""
    n = 16 * 62500
    for w in peers.workers:
        if w.label == "C++/OpenBLAS":
            for got, want, variance in zip(w.ask("moments", "", "", n), (0, 1, 3), (1, 2, 96)):
                if not abs(got - want) <= 5 * (variance / n)**0.5:
                    raise Failure("a moment of the C++ program's normals is %g, want %g" % (got, want))


def measure(machlup, columns, benchmarks, rounds, seconds):
    """times[benchmark][label] = seconds an operation, one a round."""
    times = {}
    for r in range(rounds):
        print("round %d of %d" % (r + 1, rounds), file=sys.stderr)
        for name in benchmarks:
            row = [("machlup", machlup, "")] + [c[:3] for c in columns if name in c[3]]
            by_label = times.setdefault(name, {label: [] for label, _, _ in row})
            for label, worker, variant in row if r % 2 == 0 else reversed(row):
                by_label[label].append(worker.time(name, variant, seconds) / UNITS.get(name, 1))
    return times


def add_paper(times):
    """The work of the paper experiment for one seed, from the step times of the same rounds."""
    if all(name in times for name in TRAINER):
        times[PAPER] = {label: [PAPER_STEPS * sum(steps) for steps in zip(*(times[name][label] for name in TRAINER))]
                        for label in times[TRAINER[0]]}


def table(times):
    rows = [("benchmark", "machlup", "peer", "peer's time", "min/min", "median")]
    for name, labels in times.items():
        ours = labels["machlup"]
        title = name + (", a slice" if name in UNITS else " (extrapolated)" if name == PAPER else "")
        for i, (label, theirs) in enumerate([x for x in labels.items() if x[0] != "machlup"] or [("", None)]):
            row = (title, duration(min(ours))) if i == 0 else ("", "")
            if theirs:
                row += (label, duration(min(theirs)), ratio(min(theirs) / min(ours)),
                        ratio(statistics.median(t / o for t, o in zip(theirs, ours))))
            else:
                row += ("(no peer)", "", "", "")
            rows.append(row)
    width = [max(len(row[i]) for row in rows) for i in range(6)]
    left = (0, 2)
    return "\n".join("  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width))).rstrip()
                     for row in rows)


def duration(seconds):
    if seconds >= 1000:
        return "%.0f s" % seconds
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return "%.3g %s" % (seconds / scale, unit)
    return "%.3g ns" % (seconds / 1e-9)


def ratio(x):
    return "%.3g×" % x if x < 1000 else "%.0f×" % x


def pin(cpu):
    """Runs this process and its children on one core; returns what was done."""
    if cpu == "any" or not hasattr(os, "sched_setaffinity"):
        return "not pinned to a core"
    allowed = os.sched_getaffinity(0)
    core = max(allowed) if cpu is None else int(cpu)
    if core not in allowed:
        raise Failure("--cpu %d is not among the cores this process may use: %s" % (core, sorted(allowed)))
    os.sched_setaffinity(0, {core})
    return "pinned to core %d" % core


def machine():
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            name = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M).group(1)
    except (OSError, AttributeError):
        pass
    return "%s, %d cores" % (name, os.cpu_count())


def load():
    """A sentence on other work on the machine, before the measurement adds its own."""
    try:
        average = os.getloadavg()[0]
    except OSError:
        return "load average unknown"
    busy = "; OTHERS ARE AT WORK, so do not trust the times" if average > 0.5 else ""
    return "load average %.2f%s" % (average, busy)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--go", default="go", help="the go command")
    p.add_argument("--jax-python", default=os.environ.get("JAX_PYTHON", sys.executable),
                   help="a Python with JAX (default: $JAX_PYTHON, else the one running this)")
    p.add_argument("--openblas", default=os.environ.get("OPENBLAS", ""), metavar="FOLDER",
                   help="folder of libopenblas.so, if the linker does not find it (default: $OPENBLAS)")
    p.add_argument("--rounds", type=int, default=9, help="measurements of each pair (default 9)")
    p.add_argument("--seconds", type=float, default=0.25, help="length of one measurement (default 0.25)")
    p.add_argument("--only", default=".", metavar="REGEXP", help="benchmarks to run, of " + ", ".join(BENCHMARKS))
    p.add_argument("--cpu", help="core to run on (default the last one allowed), or any")
    p.add_argument("--json", metavar="FILE", help="also write every single time there")
    args = p.parse_args()
    if args.rounds < 1 or not args.seconds > 0:
        p.error("--rounds must be at least 1 and --seconds positive")
    try:
        args.benchmarks = [b for b in BENCHMARKS if re.search(args.only, b)]
    except re.error as e:
        p.error("--only %r is not a regular expression: %s" % (args.only, e))
    if not args.benchmarks:
        p.error("--only %r matches none of %s" % (args.only, ", ".join(BENCHMARKS)))
    if args.cpu not in (None, "any") and not args.cpu.isdigit():
        p.error("--cpu %r is neither a core's number nor any" % args.cpu)
    return args


def run(args, folder):
    before = load()
    machlup = Machlup(shlex.split(args.go), folder)
    pinned = pin(args.cpu)
    peers = find_peers(args, folder)
    try:
        machlup.check()
        checks = [check_reference()] + [check_peer(folder, c) for c in peers.columns]
        check_noise(peers)
        times = measure(machlup, peers.columns, args.benchmarks, args.rounds, args.seconds)
    finally:
        peers.close()
    add_paper(times)
    head = ["%s; %s; %s; %s" % (datetime.date.today(), machine(), pinned, before), machlup.versions]
    head += ["%s: %s" % (w.label, w.versions) for w in peers.workers]
    print("\n".join(head))
    print("\nthe same work: relative error after %d steps (%d sweeps) from the same inputs\n  %s\n" % (CHECK_STEPS, CHECK_SWEEPS, "\n  ".join(checks)))
    print(table(times))
    print("\nratio = peer / machlup; minimum and median of %d rounds, %g s a measurement; machlup computes in float64" % (args.rounds, args.seconds))
    if PAPER in times:
        print("%s: 4 trainings of %d steps, extrapolated from the step times above" % (PAPER, PAPER_STEPS))
    for reason in peers.skipped:
        print("skipped " + reason)
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"head": head, "skipped": peers.skipped, "checks": checks, "seconds": times}, f, indent=1)
            f.write("\n")


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as folder:
        try:
            run(args, folder)
        except Failure as e:
            print("\nbench-peers failed: %s" % e, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
