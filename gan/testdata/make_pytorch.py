"""Writes pytorch.json: what PyTorch's autograd and the paper's Listing 1 give, in float64.

Run with Debian 12's python3-torch (1.13, functorch included):  /usr/bin/python3 make_pytorch.py
Inputs and initial parameters come from integer formulas that the Go test shares, so the
file holds results only. Networks, losses, optimizers and the natural gradient are the
listing's own code (BCELoss of a Sigmoid, jacrev under vmap, torch.inverse), with
torch.func spelt functorch as it was in 1.13.
"""
import json
import platform

import functorch
import numpy
import torch
import torch.nn as nn
import torch.optim as optim
from functorch import jacrev, make_functional, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


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


def initialise(net, salt):
    """PyTorch's default bounds, filled from the formula in parameter order."""
    fan_in = None
    for k, p in enumerate(net.parameters()):
        fan_in = p.shape[1] if p.dim() == 2 else fan_in
        u = torch.from_numpy(hashed(salt + k, p.numel()).astype(numpy.float64) / 2**32)
        p.data = ((2 * u - 1) / numpy.sqrt(float(fan_in))).reshape(p.shape)


def mlp(dims, act, sigmoid):
    layers = []
    for i, o in zip(dims, dims[1:]):
        layers += [nn.Linear(i, o), act()]
    layers[-1:] = [nn.Sigmoid()] if sigmoid else []
    return nn.Sequential(*layers)


def flat(params):
    return torch.cat([p.flatten() for p in params])


def jacobian(net, inputs):
    """[rows, outputs, parameters], as the listing's compute_g_jac."""
    f, params = make_functional(net)
    j = vmap(jacrev(lambda p, x: f(p, x.unsqueeze(0)).squeeze(0)), in_dims=(None, 0))(params, inputs)
    return torch.cat([b.flatten(start_dim=2) for b in j], dim=2).detach()


def natural(net, inputs, grad, damping=1e-4):
    """The listing's get_natural_gradient, for any number of outputs."""
    j = jacobian(net, inputs)
    j = j.reshape(-1, j.shape[2])
    f = j.t() @ j / len(inputs)
    return torch.inverse(f + torch.eye(f.shape[0]) * damping) @ grad


def natural_refined(net, inputs, grad, damping=1e-4):
    """The same with F and the residuals of an iterative refinement in 80-bit numbers.

    The data are near 8, so the metric of D has a condition number near 2e6 and
    torch.inverse is off by 1.7e-10.
    """
    j = jacobian(net, inputs)
    j = j.reshape(-1, j.shape[2]).numpy().astype(numpy.longdouble)
    f = j.T @ j / len(inputs) + damping * numpy.eye(j.shape[1], dtype=numpy.longdouble)
    g = grad.numpy().astype(numpy.longdouble)
    x, inverse = numpy.zeros_like(g), numpy.linalg.inv(f.astype(numpy.float64))
    for _ in range(8):
        x = x + inverse @ (g - f @ x).astype(numpy.float64)
    return torch.from_numpy(x.astype(numpy.float64))


criterion = nn.BCELoss()


def loss_d(d, g, real, z):
    fake = d(g(z))
    return criterion(d(real), torch.ones(len(real), 1)) + criterion(fake, torch.zeros(len(z), 1))


def loss_g(d, g, z):
    fake = d(g(z))
    return criterion(fake, torch.ones(len(z), 1))


def saturating(d, g, z):
    return torch.log(1 - d(g(z))).mean()


def tolist(x):
    return x.detach().flatten().tolist()


def gradients(latent, hidden, dim, batch, act_g, act_d):
    """Gradients, natural gradients of both players and Hessian-vector products at one point."""
    g, d = mlp([latent] + hidden + [dim], act_g, False), mlp([dim] + hidden + [1], act_d, True)
    initialise(g, 1)
    initialise(d, 50)
    real = 8 + 1.25 * bell(100, batch * dim).reshape(batch, dim)
    zd, zg = bell(101, batch * latent).reshape(batch, latent), bell(102, batch * latent).reshape(batch, latent)
    psi, theta = list(d.parameters()), list(g.parameters())
    n_d, n_g = flat(psi).numel(), flat(theta).numel()
    out = {}
    gd = flat(torch.autograd.grad(loss_d(d, g, real, zd), psi))
    gg = flat(torch.autograd.grad(loss_g(d, g, zg), theta))
    gs = flat(torch.autograd.grad(saturating(d, g, zg), theta))
    out["grad_d"], out["grad_g"], out["grad_g_saturating"] = tolist(gd), tolist(gg), tolist(gs)
    logit = d[:-1]
    out["natural_g"] = tolist(natural_refined(g, zg, gg))
    out["natural_d"] = tolist(natural_refined(logit, torch.cat([real, g(zd).detach()]), gd))
    v = torch.cat([bell(103, n_d), bell(104, n_g)])
    for name, loss in [("hvp_d", loss_d(d, g, real, zd)), ("hvp_g", loss_g(d, g, zg))]:
        first = flat(torch.autograd.grad(loss, psi + theta, create_graph=True))
        out[name] = tolist(flat(torch.autograd.grad(first @ v, psi + theta)))
    return out


def train(optimizer_name, steps=50, batch=128, latent=16, hidden=32, lr=0.001, momentum_mu=0.9):
    """train_gan of the listing with the inputs of each step given."""
    G, D = mlp([latent, hidden, 1], nn.ReLU, False), mlp([1, hidden, 1], lambda: nn.LeakyReLU(0.2), True)
    initialise(G, 1)
    initialise(D, 50)
    if optimizer_name == "sgd":
        optimizer_G = optim.SGD(G.parameters(), lr=lr * 10)
        optimizer_D = optim.SGD(D.parameters(), lr=lr * 10)
    else:
        optimizer_G = optim.Adam(G.parameters(), lr=lr, betas=(0.5, 0.999))
        optimizer_D = optim.Adam(D.parameters(), lr=lr, betas=(0.5, 0.999))
    velocity_buffer = {name: torch.zeros_like(p) for name, p in G.named_parameters()}
    losses_d, losses_g = [], []
    for epoch in range(steps):
        inputs = bell(200 + epoch, batch * (1 + 2 * latent))
        real_samples = (inputs[:batch] * 1.25 + 8.0).reshape(batch, 1)
        z = inputs[batch:batch * (1 + latent)].reshape(batch, latent)
        z_for_g = inputs[batch * (1 + latent):].reshape(batch, latent)
        optimizer_D.zero_grad()
        loss_d_real = criterion(D(real_samples), torch.ones(batch, 1))
        loss_d_fake = criterion(D(G(z).detach()), torch.zeros(batch, 1))
        d_loss = loss_d_real + loss_d_fake
        d_loss.backward()
        optimizer_D.step()
        G.zero_grad()
        g_loss = criterion(D(G(z_for_g)), torch.ones(batch, 1))
        g_loss.backward()
        if optimizer_name.startswith("natural"):
            with torch.no_grad():
                grad_g_flat = torch.cat([p.grad.flatten() for p in G.parameters()])
                natural_grad_flat = natural(G, z_for_g, grad_g_flat)
                offset = 0
                for name, p in G.named_parameters():
                    ng = natural_grad_flat[offset:offset + p.numel()].view_as(p)
                    if optimizer_name == "natural-momentum":
                        v = velocity_buffer[name]
                        v.mul_(momentum_mu).add_(ng, alpha=-lr)
                        p.add_(v)
                    else:
                        p.add_(ng, alpha=-lr)
                    offset += p.numel()
        else:
            optimizer_G.step()
        losses_d.append(d_loss.item())
        losses_g.append(g_loss.item())
    return {"loss_d": losses_d, "loss_g": losses_g, "psi": tolist(flat(D.parameters())), "theta": tolist(flat(G.parameters()))}


result = {
    "versions": {"python": platform.python_version(), "torch": torch.__version__,
                 "functorch": functorch.__version__, "numpy": numpy.__version__},
    "gradients": {
        "paper": gradients(16, [32], 1, 128, nn.ReLU, lambda: nn.LeakyReLU(0.2)),
        "tanh-2d": gradients(3, [5, 4], 2, 9, nn.Tanh, nn.Softplus),
        "wide-batch": gradients(2, [3], 2, 40, nn.Softplus, nn.Tanh),
    },
    "trajectories": {name: train(name) for name in ["sgd", "adam", "natural", "natural-momentum"]},
}
with open("pytorch.json", "w") as f:
    json.dump(result, f, indent=0)
    f.write("\n")
