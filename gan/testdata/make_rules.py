"""Writes rules.json: trajectories of PyTorch's optimizers and learning-rate schedulers, in
float64, on gradients that integer formulas give.

Run with Debian 12's python3-torch (1.13):  /usr/bin/python3 make_rules.py
The gradient of step k is (hᵢpᵢ + bell(400 + k)ᵢ)·4/(4 + k), hᵢ = (i + 1)/4: it depends on the
parameters, and it shrinks, so that AMSGrad differs from Adam.
"""
import json
import platform

import numpy
import torch
import torch.optim as optim
from torch.optim import lr_scheduler

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

DIM, STEPS = 4, 45


def hashed(salt, n):
    """n words: 32-bit finaliser of MurmurHash3 on a counter."""
    x = (numpy.arange(n, dtype=numpy.uint64) + numpy.uint64(salt * 1000003)) & numpy.uint64(0xFFFFFFFF)
    m = numpy.uint64(0xFFFFFFFF)
    x ^= x >> numpy.uint64(16)
    x = (x * numpy.uint64(0x85EBCA6B)) & m
    x ^= x >> numpy.uint64(13)
    x = (x * numpy.uint64(0xC2B2AE35)) & m
    x ^= x >> numpy.uint64(16)
    return x


def bell(salt, n):
    """n numbers of mean 0 and variance 1: sums of four uniforms."""
    s = hashed(salt, 4 * n).reshape(n, 4).sum(axis=1).astype(numpy.float64)
    return torch.from_numpy((s / 2**32 - 2) * numpy.sqrt(3.0))


def run(optimizer, scheduler=None):
    """The parameters after each step."""
    p = torch.nn.Parameter(bell(399, DIM))
    h = (torch.arange(DIM) + 1) / 4
    opt = optimizer([p])
    sched = scheduler(opt) if scheduler else None
    path = []
    for k in range(STEPS):
        p.grad = ((h * p.detach() + bell(400 + k, DIM)) * 4 / (4 + k)).clone()
        opt.step()
        if sched:
            sched.step()
        path += p.detach().tolist()
    return path


def sgd(lr, momentum=0.0, nesterov=False):
    return lambda p: optim.SGD(p, lr=lr, momentum=momentum, nesterov=nesterov)


schedules = {
    "step": lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.95),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.02 * 0.1),
    "linear": lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=40),
    "inverse-time": lambda o: lr_scheduler.LambdaLR(o, lambda k: (1 + k / 10) ** -0.6),
}
optimizers = {
    "sgd": sgd(0.02),
    "momentum": sgd(0.02, 0.8),
    "nesterov": sgd(0.02, 0.8, True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3),
    "adam": lambda p: optim.Adam(p, lr=0.02, betas=(0.5, 0.9), eps=1e-3),
    "amsgrad": lambda p: optim.Adam(p, lr=0.02, betas=(0.5, 0.9), eps=1e-3, amsgrad=True),
}
result = {
    "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
    "rules": {name: run(o) for name, o in optimizers.items()},
    "schedules": {s: {name: run(optimizers[name], schedules[s]) for name in ["sgd", "momentum", "nesterov", "amsgrad"]}
                  for s in schedules},
}
with open("rules.json", "w") as f:
    json.dump(result, f, indent=0)
    f.write("\n")
