"""The line protocol between peers.py and a peer's process.

A peer says "ready VERSIONS", or "missing REASON", then answers one line each to

    check NAME VARIANT FILE     the numbers after the steps that FILE asks for
    time NAME VARIANT SECONDS   seconds a step, timed for about that long after a warm-up

with "ok …" or "error SENTENCE". FILE holds numbers in text: how many steps, then the
start, then each step's random inputs.
"""
import math
import os
import sys
import time


def open_channel():
    """The pipe to peers.py; whatever a library prints goes to stderr instead."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return out


def serve(out, versions, make):
    """make(name, variant) returns a peer's job: load(numbers), step(numbers), numbers(),
    size and inputs (their lengths), and run() → steps done with noise of its own."""
    print("ready", versions, file=out)
    for line in sys.stdin:
        verb, name, variant, argument = line.rstrip("\n").split("\t")
        try:
            answer = {"check": check, "time": measure}[verb](make(name, variant), argument)
            print("ok", *answer, file=out)
        except Exception as e:  # the sentence goes to peers.py, which stops
            print("error", type(e).__name__ + ":", " ".join(str(e).split()), file=out)


def check(job, path):
    with open(path) as f:
        numbers = [float(x) for x in f.read().split()]
    steps, at = int(numbers[0]), 1 + job.size
    job.load(numbers[1:at])
    for _ in range(steps):
        job.step(numbers[at:at + job.inputs])
        at += job.inputs
    return [repr(float(x)) for x in job.numbers()]


def measure(job, seconds):
    seconds = float(seconds)
    lap(job, seconds / 5)
    steps, elapsed = lap(job, seconds)
    if not all(math.isfinite(x) for x in job.numbers()):
        raise ArithmeticError("the state is not finite after %d steps" % steps)
    return [repr(elapsed / steps)]


def lap(job, seconds):
    steps, begin = 0, time.perf_counter()
    while True:
        steps += job.run()
        elapsed = time.perf_counter() - begin
        if elapsed >= seconds:
            return steps, elapsed
