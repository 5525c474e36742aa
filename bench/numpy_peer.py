"""numpy and plain Python: the SGLD step and the sweep of a harmonic path.

Variants of the sweep: "loop" visits the slices in order like machlup, in plain Python on
lists with noise drawn in bulk; "even-odd" updates all odd, then all even slices at once.
"""
import math
import platform

import numpy

import reference
import worker

out = worker.open_channel()
P, A, S = reference.SLICES, reference.DECAY, reference.SPREAD


class Job:
    def load(self, numbers):
        self.x = numpy.array(numbers)

    def numbers(self):
        return list(self.x)


class SGLD(Job):
    size = inputs = reference.SGLD_DIM

    def __init__(self):
        self.rng = numpy.random.Generator(numpy.random.SFC64(1))
        self.load([0.0] * self.size)
        self.xi, self.drift = numpy.empty(self.size), numpy.empty(self.size)
        self.gain = math.sqrt(2 * reference.SGLD_ETA * reference.SGLD_T)

    def step(self, numbers):
        self.xi[:] = numbers
        self.advance()

    def run(self):
        for _ in range(16):
            self.rng.standard_normal(out=self.xi)
            self.advance()
        return 16

    def advance(self):
        numpy.multiply(self.x, -reference.SGLD_ETA * reference.SGLD_K, out=self.drift)
        self.xi *= self.gain
        self.x += self.drift
        self.x += self.xi


class Sweep(Job):
    size, inputs = P + 1, 2 * P

    def __init__(self):
        self.rng = numpy.random.Generator(numpy.random.SFC64(1))
        self.load([0.0] * self.size)

    def step(self, numbers):
        self.sweep(numpy.array(numbers[:P]), numpy.array(numbers[P:]))

    def run(self):
        self.sweep(self.rng.standard_normal(P), self.rng.random(P))
        return 1


class Loop(Sweep):
    def load(self, numbers):
        self.x = list(numbers)

    def sweep(self, z, u):
        x, z, u = self.x, z.tolist(), u.tolist()
        half, inner = 0.5 / S**2, S / math.sqrt(2)
        log = math.log
        left = x[0]
        for k in range(1, P):
            old, right = x[k], x[k + 1]
            new = 0.5 * (left + right) + inner * z[k - 1]
            a, b, c, d = old - A * left, right - A * old, new - A * left, right - A * new
            e, f, g, h = old - left, right - old, new - left, right - new
            ratio = half * (a * a + b * b - c * c - d * d + g * g + h * h - e * e - f * f)
            if ratio >= 0 or log(u[k - 1]) < ratio:
                x[k] = left = new
            else:
                left = old
        old = x[P]
        new = left + S * z[P - 1]
        a, c, e, g = old - A * left, new - A * left, old - left, new - left
        ratio = half * (a * a - c * c + g * g - e * e)
        if ratio >= 0 or log(u[P - 1]) < ratio:
            x[P] = new


class EvenOdd(Sweep):
    """A slice beyond the end with weight 0 makes the free end an ordinary slice."""

    def __init__(self):
        super().__init__()
        self.weight = numpy.ones(P + 2)
        self.weight[P + 1] = 0
        self.halves = []
        for first in (1, 2):
            w = self.weight[first + 1:P + 2:2]
            self.halves.append((slice(first - 1, P, 2), slice(first, P + 1, 2), slice(first + 1, P + 2, 2),
                                w, 1 / (1 + w), S / numpy.sqrt(1 + w)))

    def load(self, numbers):
        self.x = numpy.array(list(numbers) + [0.0])

    def numbers(self):
        return list(self.x[:-1])

    def sweep(self, z, u):
        x, log_u = self.x, numpy.log(u)
        for first, (before, at, after, w, share, spread) in enumerate(self.halves):
            left, old, right = x[before], x[at], x[after]
            new = (left + w * right) * share + spread * z[first::2]
            # the squares of new cancel but for the drift: S - S_free of a link is quadratic in A
            change = self.excess(left, old, right, w) - self.excess(left, new, right, w)
            x[at] = numpy.where(log_u[first::2] < change, new, old)

    @staticmethod
    def excess(left, x, right, w):
        """(S - S_free) of the two links of a slice, without what does not depend on it."""
        return (2 * (1 - A) * x * (left + w * right) + w * (A * A - 1) * x * x) * (0.5 / S**2)


JOBS = {("SGLDStep", "numpy"): SGLD, ("PathSweep/harmonic", "loop"): Loop, ("PathSweep/harmonic", "even-odd"): EvenOdd}
worker.serve(out, "numpy %s, Python %s" % (numpy.__version__, platform.python_version()), lambda n, v: JOBS[n, v]())
