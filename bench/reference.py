"""The work of each benchmark in plain numpy, float64: what a peer must reproduce before it is timed.

Formulas are written out by hand and share nothing with the peers: gradients without
autograd, the natural gradient by a dense solve. Inputs and initial parameters are those of
gan/testdata/make_pytorch.py, so that trajectory() can be held against the file that the Go
tests are held against.
"""
import json

import numpy

BATCH, LATENT, HIDDEN = 128, 16, 32  # the paper's Listing 1
N_PSI, N_THETA = 3 * HIDDEN + 1, (LATENT + 2) * HIDDEN + 1
INPUTS = BATCH * (1 + 2 * LATENT)  # normals a step: data, latents of D's step, latents of G's
MEAN, STD, SLOPE = 8.0, 1.25, 0.2
OPTIMIZERS = ("sgd", "adam", "natural", "natural-momentum")
RATE = {"sgd": 0.01, "adam": 0.001, "natural": 0.001, "natural-momentum": 0.001}
BETA1, BETA2, EPS, MOMENTUM, DAMPING = 0.5, 0.999, 1e-8, 0.9, 1e-4


def hashed(salt, n):
    """n words: 32-bit finaliser of MurmurHash3 on a counter."""
    m = numpy.uint64(0xFFFFFFFF)
    x = (numpy.arange(n, dtype=numpy.uint64) + numpy.uint64(salt * 1000003)) & m
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x ^= x >> numpy.uint64(shift)
        x = (x * numpy.uint64(factor)) & m
    return x ^ (x >> numpy.uint64(16))


def bell(salt, n):
    """n numbers of mean 0 and variance 1: sums of four uniforms."""
    s = hashed(salt, 4 * n).reshape(n, 4).sum(axis=1).astype(float)
    return (s / 2**32 - 2) * numpy.sqrt(3.0)


def uniforms(salt, n):
    """n numbers in (0, 1)."""
    return (hashed(salt, n).astype(float) + 0.5) / 2**32


def start():
    """psi and theta: PyTorch's default bounds, filled from the formula in parameter order."""
    def fill(sizes, salt):
        return numpy.concatenate([(2 * hashed(salt + k, n).astype(float) / 2**32 - 1) / numpy.sqrt(fan_in)
                                  for k, (n, fan_in) in enumerate(sizes)])
    psi = fill([(HIDDEN, 1), (HIDDEN, 1), (HIDDEN, HIDDEN), (1, HIDDEN)], 50)
    theta = fill([(HIDDEN * LATENT, LATENT), (HIDDEN, LATENT), (HIDDEN, HIDDEN), (1, HIDDEN)], 1)
    return psi, theta


def inputs(k):
    """The normals of step k."""
    return bell(200 + k, INPUTS)


class Net:
    """One hidden layer of slope s below zero; params in PyTorch's order."""

    def __init__(self, params, width, slope, x):
        n = HIDDEN * width
        self.w, self.b = params[:n].reshape(HIDDEN, width), params[n:n + HIDDEN]
        self.v, self.c = params[n + HIDDEN:n + 2 * HIDDEN], params[-1]
        self.x = x
        h = x @ self.w.T + self.b
        self.s = numpy.where(h > 0, 1.0, slope)
        self.y = h * self.s
        self.out = self.y @ self.v + self.c

    def jacobian(self):
        """[rows x parameters] of the output."""
        d = self.s * self.v
        rows = len(self.x)
        return numpy.hstack([(d[:, :, None] * self.x[:, None, :]).reshape(rows, -1), d, self.y, numpy.ones((rows, 1))])

    def input_gradient(self, c):
        return (c[:, None] * self.s * self.v) @ self.w


def sigmoid(a):
    return 1 / (1 + numpy.exp(-a))


class Rule:
    """How parameters follow a direction; memory starts at zero."""

    def __init__(self, name, n):
        self.name, self.m, self.v, self.t = name, numpy.zeros(n), numpy.zeros(n), 0

    def step(self, p, g):
        rate = RATE[self.name]
        if self.name == "adam":
            self.t += 1
            self.m = BETA1 * self.m + (1 - BETA1) * g
            self.v = BETA2 * self.v + (1 - BETA2) * g * g
            root = numpy.sqrt(self.v) / numpy.sqrt(1 - BETA2**self.t) + EPS
            return p - rate / (1 - BETA1**self.t) * self.m / root
        if self.name == "natural-momentum":
            self.m = MOMENTUM * self.m - rate * g
            return p + self.m
        return p - rate * g


def trajectory(name, steps):
    """psi and theta after steps of the listing's training of that name."""
    psi, theta = start()
    rule_d = Rule("sgd" if name == "sgd" else "adam", N_PSI)
    rule_g = Rule(name, N_THETA)
    for k in range(steps):
        xi = inputs(k)
        real = MEAN + STD * xi[:BATCH, None]
        z_d, z_g = xi[BATCH:].reshape(2, BATCH, LATENT)

        fake = Net(theta, LATENT, 0.0, z_d).out[:, None]
        d = Net(psi, 1, SLOPE, numpy.vstack([real, fake]))
        label = numpy.repeat([1.0, 0.0], BATCH)
        psi = rule_d.step(psi, (sigmoid(d.out) - label) @ d.jacobian() / BATCH)

        g = Net(theta, LATENT, 0.0, z_g)
        d = Net(psi, 1, SLOPE, g.out[:, None])
        cotangent = d.input_gradient((sigmoid(d.out) - 1) / BATCH)[:, 0]
        j = g.jacobian()
        grad = cotangent @ j
        if name.startswith("natural"):
            grad = numpy.linalg.solve(j.T @ j / BATCH + DAMPING * numpy.eye(N_THETA), grad)
        theta = rule_g.step(theta, grad)
    return psi, theta


def difference(name, steps, psi, theta):
    """Largest relative error of the change of psi and of theta since the start."""
    errors = []
    for p0, want, got in zip(start(), trajectory(name, steps), (psi, theta)):
        errors.append(numpy.linalg.norm(got - want) / numpy.linalg.norm(want - p0))
    return max(errors)


def difference_from_fixture(path):
    """The same for this file: its 50-step trajectories against PyTorch's that the Go tests use."""
    with open(path) as f:
        fixture = json.load(f)["trajectories"]
    return max(difference(name, len(t["loss_d"]), numpy.array(t["psi"]), numpy.array(t["theta"]))
               for name, t in fixture.items())


# BenchmarkSGLDStep: x' = x - eta k x + sqrt(2 eta T) xi in 1000 dimensions.
SGLD_DIM, SGLD_ETA, SGLD_K, SGLD_T = 1000, 0.1, 1.0, 1.0


def sgld(x, xi):
    return x - SGLD_ETA * SGLD_K * x + numpy.sqrt(2 * SGLD_ETA * SGLD_T) * xi


# BenchmarkPathSweep/harmonic: x_{k+1} = a x_k + s xi, 128 steps from 0, free end; one sweep
# redraws every slice from the free action given its neighbours and decides by Metropolis.
SLICES, DECAY, SPREAD = 128, 0.95, 0.3


def action(x, decay):
    return numpy.sum((x[1:] - decay * x[:-1])**2) / (2 * SPREAD**2)


def sweep(x, z, u, order):
    """x[0..SLICES] after one sweep in that order; slice k uses z[k-1] and u[k-1]."""
    x = x.copy()
    for k in order:
        old = x.copy()
        if k < SLICES:
            x[k] = (x[k - 1] + x[k + 1]) / 2 + SPREAD / numpy.sqrt(2) * z[k - 1]
        else:
            x[k] = x[k - 1] + SPREAD * z[k - 1]
        ratio = action(old, DECAY) - action(x, DECAY) + action(x, 1.0) - action(old, 1.0)
        if numpy.log(u[k - 1]) >= ratio:
            x = old
    return x
