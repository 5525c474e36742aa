"""JAX, jit, CPU, one thread: the step of Listing 1, the natural gradient by its formula
(vmap of jacrev, explicit inverse).

Variants are "DTYPE-call", one call of the compiled step a step, and "DTYPE-scan", 20
steps in one compiled loop.
"""
import functools
import platform

import worker

out = worker.open_channel()
try:
    import jax
    import jax.numpy as jnp
    import jaxlib
    import numpy
except (ImportError, OSError, RuntimeError) as e:
    print("missing", " ".join(str(e).split()), file=out)
    raise SystemExit

import reference

jax.config.update("jax_enable_x64", True)
B, L, H = reference.BATCH, reference.LATENT, reference.HIDDEN
SCAN = 20


def network(p, x, width, slope):
    w, b = p[:H * width].reshape(H, width), p[H * width:H * width + H]
    h = x @ w.T + b
    return jnp.where(h > 0, h, slope * h) @ p[-H - 1:-1] + p[-1]


def generate(theta, z):
    return network(theta, z, L, 0.0)


def logit(psi, x):
    return network(psi, x[:, None], 1, reference.SLOPE)


def loss_d(psi, real, fake):
    return jax.nn.softplus(-logit(psi, real)).mean() + jax.nn.softplus(logit(psi, fake)).mean()


def loss_g(theta, psi, z):
    return jax.nn.softplus(-logit(psi, generate(theta, z))).mean()


def adam(p, g, memory):
    m, v, t = memory
    t = t + 1
    m = reference.BETA1 * m + (1 - reference.BETA1) * g
    v = reference.BETA2 * v + (1 - reference.BETA2) * g * g
    root = jnp.sqrt(v) / jnp.sqrt(1 - reference.BETA2**t) + reference.EPS
    return p - reference.RATE["adam"] / (1 - reference.BETA1**t) * m / root, (m, v, t)


def natural(theta, z, g):
    j = jax.vmap(jax.jacrev(lambda p, x: generate(p, x[None])[0]), in_axes=(None, 0))(theta, z)
    f = j.T @ j / B
    return jnp.linalg.inv(f + reference.DAMPING * jnp.eye(f.shape[0], dtype=f.dtype)) @ g


def update(name, state, xi):
    """One step with the noise given; state = (psi, theta, memory of D, memory of G)."""
    psi, theta, mem_d, mem_g = state
    rate = reference.RATE[name]
    real = xi[:B] * reference.STD + reference.MEAN
    z = xi[B:].reshape(2, B, L)
    g = jax.grad(loss_d)(psi, real, generate(theta, z[0]))
    if name == "sgd":
        psi = psi - rate * g
    else:
        psi, mem_d = adam(psi, g, mem_d)
    g = jax.grad(loss_g)(theta, psi, z[1])
    if name == "adam":
        theta, mem_g = adam(theta, g, mem_g)
    elif name == "sgd":
        theta = theta - rate * g
    else:
        g = natural(theta, z[1], g)
        if name == "natural":
            theta = theta - rate * g
        else:
            v = reference.MOMENTUM * mem_g[0] - rate * g
            theta, mem_g = theta + v, (v, *mem_g[1:])
    return psi, theta, mem_d, mem_g


@functools.lru_cache(None)
def compiled(name, dtype):
    """The given-noise step, the fresh-noise step and the loop of SCAN of them."""
    def fresh(carry):
        key, state = carry
        key, sub = jax.random.split(key)
        return key, update(name, state, jax.random.normal(sub, (reference.INPUTS,), dtype))

    def loop(carry):
        return jax.lax.scan(lambda c, _: (fresh(c), None), carry, None, length=SCAN)[0]
    return (jax.jit(functools.partial(update, name)), jax.jit(fresh, donate_argnums=0), jax.jit(loop, donate_argnums=0))


class Training:
    size, inputs = reference.N_PSI + reference.N_THETA, reference.INPUTS

    def __init__(self, name, variant):
        self.dtype, self.mode = variant.split("-")
        self.given, self.fresh, self.loop = compiled(name, self.dtype)
        self.key = jax.random.PRNGKey(1)
        self.load(numpy.concatenate(reference.start()))

    def load(self, numbers):
        def memory(n):
            return jnp.zeros(n, self.dtype), jnp.zeros(n, self.dtype), jnp.zeros((), self.dtype)
        p = numpy.asarray(numbers, self.dtype)
        n = reference.N_PSI
        self.state = (jnp.asarray(p[:n]), jnp.asarray(p[n:]), memory(n), memory(reference.N_THETA))

    def numbers(self):
        return [float(x) for p in self.state[:2] for x in numpy.asarray(p)]

    def step(self, numbers):
        self.state = self.given(self.state, jnp.asarray(numpy.asarray(numbers, self.dtype)))

    def run(self):
        carry = (self.key, self.state)
        if self.mode == "scan":
            carry = self.loop(carry)
            n = SCAN
        else:
            n = 8
            for _ in range(n):
                carry = self.fresh(carry)
        self.key, self.state = jax.block_until_ready(carry)
        return n


worker.serve(out, "jax %s, jaxlib %s, Python %s, %s" % (
    jax.__version__, jaxlib.__version__, platform.python_version(), jax.devices()[0].platform),
             lambda name, variant: Training(name.partition("/")[2], variant))
