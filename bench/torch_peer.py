"""PyTorch, eager, one thread: the paper's Listing 1, line by line, a step at a time."""
import platform
import re

import worker

out = worker.open_channel()
try:
    import torch
    import torch.nn as nn
    import torch.optim as optim
    try:
        from torch.func import functional_call, jacrev, vmap
    except ImportError:  # before 2.0
        from functorch import jacrev, vmap
        from torch.nn.utils.stateless import functional_call
except (ImportError, OSError, RuntimeError) as e:
    print("missing", " ".join(str(e).split()), file=out)
    raise SystemExit

import reference

torch.set_num_threads(1)

batch_size, latent_dim, hidden_dim = reference.BATCH, reference.LATENT, reference.HIDDEN
lr, momentum_mu, damping = 0.001, reference.MOMENTUM, reference.DAMPING


def compute_g_jac(model, params_g, z_batch):
    def f_for_jac(p, z_sample):
        return functional_call(model, p, (z_sample.unsqueeze(0),))
    jacobians_dict = vmap(jacrev(f_for_jac, argnums=0), in_dims=(None, 0))(params_g, z_batch)
    flat_jacobians = [jac_tensor.flatten(start_dim=2) for jac_tensor in jacobians_dict.values()]
    return torch.cat(flat_jacobians, dim=2)


def get_natural_gradient(G_model, z_batch, grad_g):
    params_g = {name: p.detach() for name, p in G_model.named_parameters()}
    J = compute_g_jac(G_model, params_g, z_batch).squeeze(1)
    F = J.t() @ J / batch_size
    F_inv = torch.inverse(F + torch.eye(F.shape[0], device=F.device) * damping)
    return F_inv @ grad_g


class Training:
    """train_gan of the listing; step() is the body of its loop with the noise given."""
    size, inputs = reference.N_PSI + reference.N_THETA, reference.INPUTS

    def __init__(self, name, dtype):
        torch.set_default_dtype(getattr(torch, dtype))
        torch.manual_seed(1)
        self.name = name
        self.G = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 1))
        self.D = nn.Sequential(nn.Linear(1, hidden_dim), nn.LeakyReLU(0.2), nn.Linear(hidden_dim, 1), nn.Sigmoid())
        self.criterion = nn.BCELoss()
        if name == "sgd":
            self.optimizer_G = optim.SGD(self.G.parameters(), lr=lr * 10)
            self.optimizer_D = optim.SGD(self.D.parameters(), lr=lr * 10)
        else:
            self.optimizer_G = optim.Adam(self.G.parameters(), lr=lr, betas=(0.5, 0.999))
            self.optimizer_D = optim.Adam(self.D.parameters(), lr=lr, betas=(0.5, 0.999))
        self.velocity_buffer = {name: torch.zeros_like(p) for name, p in self.G.named_parameters()}
        self.g_loss_history = []

    def parameters(self):
        return list(self.D.parameters()) + list(self.G.parameters())

    def load(self, numbers):
        at = 0
        for p in self.parameters():
            p.data = torch.tensor(numbers[at:at + p.numel()]).reshape(p.shape)
            at += p.numel()

    def numbers(self):
        return torch.cat([p.detach().flatten() for p in self.parameters()]).tolist()

    def step(self, numbers):
        xi = torch.tensor(numbers)
        z = xi[batch_size:].reshape(2, batch_size, latent_dim)
        self.update_d(xi[:batch_size, None] * reference.STD + reference.MEAN, z[0])
        self.update_g(z[1])

    def run(self):
        self.update_d(torch.randn(batch_size, 1) * reference.STD + reference.MEAN, torch.randn(batch_size, latent_dim))
        self.update_g(torch.randn(batch_size, latent_dim))
        return 1

    def update_d(self, real_samples, z):
        self.optimizer_D.zero_grad()
        loss_d_real = self.criterion(self.D(real_samples), torch.ones(batch_size, 1))
        fake_samples = self.G(z)
        loss_d_fake = self.criterion(self.D(fake_samples.detach()), torch.zeros(batch_size, 1))
        loss_d = loss_d_real + loss_d_fake
        loss_d.backward()
        self.optimizer_D.step()

    def update_g(self, z_for_g):
        self.G.zero_grad()
        fake_samples_for_g = self.G(z_for_g)
        loss_g = self.criterion(self.D(fake_samples_for_g), torch.ones(batch_size, 1))
        loss_g.backward()
        if self.name.startswith("natural"):
            self.natural_step(z_for_g)
        else:
            self.optimizer_G.step()
        self.g_loss_history.append(loss_g.item())

    def natural_step(self, z_for_g):
        with torch.no_grad():
            grad_g_flat = torch.cat([p.grad.flatten() for p in self.G.parameters()])
            natural_grad_flat = get_natural_gradient(self.G, z_for_g, grad_g_flat)
            offset = 0
            for name, p in self.G.named_parameters():
                num_flat = p.numel()
                ng = natural_grad_flat[offset:offset + num_flat].view_as(p)
                if self.name == "natural-momentum":
                    v = self.velocity_buffer[name]
                    v.mul_(momentum_mu).add_(ng, alpha=-lr)
                    p.add_(v)
                else:
                    p.add_(ng, alpha=-lr)
                offset += num_flat


def blas():
    """The BLAS that serves torch: the shared libraries loaded, or what is built in."""
    try:
        with open("/proc/self/maps") as f:
            files = {line.split()[-1].rsplit("/", 1)[-1] for line in f if "/" in line}
    except OSError:
        files = set()
    # not libscipy_openblas of numpy's wheel, nor CUDA's libcublas
    names = sorted(f for f in files if re.match("lib(open)?blas|libmkl", f))
    if any("openblas" in f or "mkl" in f for f in names):
        return "BLAS " + "+".join(names)
    if names:
        return "reference BLAS " + "+".join(names)
    return "BLAS built in: " + torch.__config__.show().split("BLAS_INFO=")[-1].split(",")[0]


torch.inverse(torch.eye(8))  # loads what is loaded late
worker.serve(out, "torch %s, Python %s, %s" % (torch.__version__, platform.python_version(), blas()),
             lambda name, dtype: Training(name.partition("/")[2], dtype))
