"""Times the models and parts of training steps that bench.py measures, in PyTorch, and prints a line for each:

    MODEL PART FORM THREADS MILLISECONDS

Written for speed: chains ask for the gradient in z alone, activations and Langevin updates are in place, Adam is fused.
Forms are float32 in the default layout, float32 channels-last where there are convolutions, and bfloat16 autocast
channels-last. As in bench_row.c, a duration is the shortest of as many as begin within half a second, after a run of
single steps; but the learning part needs no subtraction here: it is timed on ends of chains that are there already.
"""
import argparse
import time

import torch
from torch import nn

import workloads

SIGMA, PRIOR_STEP_SIZE, POSTERIOR_STEP_SIZE = 0.3, 0.08, 0.005
FORMS = {
    "float32": (torch.contiguous_format, False),
    "float32-channels-last": (torch.channels_last, False),
    "bfloat16-channels-last": (torch.channels_last, True),
}


def make_net(spec):
    modules = []
    for kind, numbers, before, after in workloads.layers(spec):
        if kind == "linear":
            modules.append(nn.Linear(before[0], after[0]))
        elif kind == "reshape":
            modules.append(nn.Unflatten(1, after))
        elif kind == "conv_transpose2d":
            if not modules:
                modules.append(nn.Unflatten(1, before))
            kernel, stride, padding = (int(n) for n in numbers[1:])
            modules.append(nn.ConvTranspose2d(before[0], after[0], kernel, stride, padding))
        elif kind == "leaky_relu":
            modules.append(nn.LeakyReLU(float(numbers[0]), inplace=True))
        else:
            modules.append({"gelu": nn.GELU, "tanh": nn.Tanh}[kind]())
    return nn.Sequential(*modules)


class Sentences(nn.Module):
    """A generator of tokens by PyTorch's fused LSTM."""

    def __init__(self, spec):
        super().__init__()
        latent, embedding, units, tokens, _ = workloads.recurrent_sizes(spec)
        self.embedding = nn.Embedding(tokens + 1, embedding)
        self.start = nn.Linear(latent, units)
        self.lstm = nn.LSTM(embedding + latent, units, batch_first=True)
        self.output = nn.Linear(units, tokens + 1)

    def log_likelihood(self, z, x):
        mark = x.new_full((len(x), 1), self.embedding.num_embeddings - 1)
        before = self.embedding(torch.cat([mark, x[:, :-1]], 1))
        h = self.start(z)[None]
        outputs, _ = self.lstm(torch.cat([before, z[:, None].expand(-1, x.shape[1], -1)], 2), (h, torch.zeros_like(h)))
        return -nn.functional.cross_entropy(self.output(outputs).flatten(0, 1), x.flatten(), reduction="sum")


class Training:
    def __init__(self, model, layout, autocast, batch):
        self.is_of_text = workloads.is_of_text(model)
        self.f = make_net(model.f)
        self.g = Sentences(model.g) if self.is_of_text else make_net(model.g).to(memory_format=layout)
        self.parameters = [*self.f.parameters(), *self.g.parameters()]
        self.adam_f = torch.optim.Adam(self.f.parameters(), lr=2e-5, betas=(0.5, 0.999), fused=True)
        self.adam_g = torch.optim.Adam(self.g.parameters(), lr=1e-4, betas=(0.5, 0.999), fused=True)
        latent = next(self.f.parameters()).shape[1]
        if self.is_of_text:
            *_, tokens, longest = workloads.recurrent_sizes(model.g)
            self.x = torch.randint(tokens, (batch, longest))
        else:
            *_, (_, _, _, shape) = workloads.layers(model.g)
            self.x = torch.empty(batch, *shape).uniform_(-1, 1).contiguous(memory_format=layout)
        self.z_positive, self.z_negative = torch.randn(2, batch, latent).unbind()
        self.noise = torch.empty(batch, latent)
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=autocast)
        self.prior_steps, self.posterior_steps = model.prior_steps, model.posterior_steps

    def log_likelihood(self, z):
        if self.is_of_text:
            return self.g.log_likelihood(z, self.x)
        return nn.functional.mse_loss(self.g(z), self.x, reduction="sum") / (-2 * SIGMA**2)

    def chains(self, log_density, steps, step_size):
        """Langevin chains towards exp(log_density) times a standard Gaussian, whose score is -z."""
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        z = torch.randn_like(self.noise)
        for _ in range(steps):
            z.requires_grad_()
            with self.autocast:
                value = log_density(z)
            (score,) = torch.autograd.grad(value, z)
            z.requires_grad_(False)
            z.mul_(1 - step_size).add_(score, alpha=step_size)
            z.add_(self.noise.normal_(), alpha=(2 * step_size) ** 0.5)
        return z

    def prior(self):
        self.z_negative = self.chains(lambda z: self.f(z).sum(), self.prior_steps, PRIOR_STEP_SIZE)

    def posterior(self):
        def log_density(z):
            return self.f(z).sum() + self.log_likelihood(z)

        self.z_positive = self.chains(log_density, self.posterior_steps, POSTERIOR_STEP_SIZE)

    def learning(self):
        for parameter in self.parameters:
            parameter.requires_grad_(True)
            parameter.grad = None
        with self.autocast:
            gap = self.f(self.z_positive).mean() - self.f(self.z_negative).mean()
            objective = gap + self.log_likelihood(self.z_positive) / len(self.x)
        (-objective).backward()
        self.adam_f.step()
        self.adam_g.step()

    def whole(self):
        self.posterior()
        self.prior()
        self.learning()


def milliseconds(model, part, form, batch):
    training = Training(model, *FORMS[form], batch)
    work = getattr(training, part)
    training.prior_steps = training.posterior_steps = 1
    work()
    training.prior_steps, training.posterior_steps = model.prior_steps, model.posterior_steps
    begin = time.perf_counter()
    best = float("inf")
    while time.perf_counter() - begin < 0.5:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return 1e3 * best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=workloads.choice_of(workloads.MODELS, "models"),
                        default=["mnist", "mnist-conv", "svhn"])
    parser.add_argument("--parts", type=workloads.choice_of(workloads.PARTS, "parts"), default=workloads.PARTS)
    parser.add_argument("--threads", default=str(torch.get_num_threads()), help="numbers separated by commas")
    parser.add_argument("--batch", type=int, default=100)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    for name in arguments.models:
        model = workloads.MODELS[name]
        for threads in arguments.threads.split(","):
            torch.set_num_threads(int(threads))
            for part in arguments.parts:
                for form in FORMS:
                    if form == "float32-channels-last" and not workloads.convolves(model, part):
                        continue
                    duration = milliseconds(model, part, form, arguments.batch)
                    print(f"{name:10} {part:9} {form:22} {threads:>3} {duration:9.1f}", flush=True)


main()
