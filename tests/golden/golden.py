"""Writes the golden files, what PyTorch computes in double precision for nets and models like those of the library:

    python3 golden.py              # writes them into this folder
    python3 golden.py --check      # fails unless they hold what PyTorch computes here, to 1e-6

Inputs and parameters are float32 numbers from a generator that is frozen (numpy.random.RandomState), so that PyTorch
and the library start from the same bits; results are rounded to float32 when they are written. Nothing of the
mathematics is written out here: densities are those of torch.distributions, scores and gradients torch.autograd's,
chains step down the energy as the code of the paper's authors does, learning is torch.optim.Adam's. Only the starts of
chains are made anew (class Philox), because they are the library's own.
"""

import argparse
import json
import math
import struct
import sys
from pathlib import Path

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

FOLDER = Path(__file__).parent
TOLERANCE = 1e-6


# ---- files ----


def write(path, tensors, metadata):
    """A safetensors file. The same contents make the same bytes, which the safetensors package does not promise."""
    header, data = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        numbers = np.ascontiguousarray(values, "<f4").tobytes()
        offsets = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": "F32", "shape": list(np.shape(values)), "data_offsets": offsets}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read(path):
    contents = path.read_bytes()
    (length,) = struct.unpack("<Q", contents[:8])
    header, data = json.loads(contents[8 : 8 + length]), contents[8 + length :]
    metadata, tensors = header.pop("__metadata__"), {}
    for name, entry in header.items():
        tensors[name] = np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
    return tensors, metadata


def check(path, tensors, metadata):
    """The largest difference, by the largest value of its tensor."""
    old_tensors, old_metadata = read(path)
    if metadata != old_metadata or list(tensors) != list(old_tensors):
        sys.exit(f"{path.name}: has other metadata or tensors than golden.py makes")
    worst = 0.0
    for name, values in tensors.items():
        values, old = np.asarray(values, float), old_tensors[name]
        if values.shape != old.shape:
            sys.exit(f"{path.name}: {name} has shape {old.shape}, golden.py makes {values.shape}")
        error = np.abs(values - old).max() / (np.abs(old).max() or 1)
        if not error <= TOLERANCE:
            sys.exit(f"{path.name}: {name} is off by {error:.2g} of its largest value, allowed {TOLERANCE:g}")
        worst = max(worst, error)
    return worst


# ---- nets ----


class Net(nn.Sequential):
    """The net of a spec, in double precision. Rows go in and come out flat."""

    def __init__(self, spec):
        layers, shape = [], None
        for item in spec.split(";"):
            name, *numbers = item.split()
            bias = "nobias" not in numbers
            v = [float(number) if "." in number else int(number) for number in numbers if number != "nobias"]
            if name == "in":
                shape = (v[0],)
            elif name == "linear":
                layers.append(nn.Linear(shape[0], v[0], bias))
                shape = (v[0],)
            elif name == "conv_transpose2d":
                layers.append(nn.ConvTranspose2d(shape[0], *v, bias=bias))
                height, width = shape[1:] or (1, 1)
                shape = (v[0], *((size - 1) * v[2] - 2 * v[3] + v[1] for size in (height, width)))
            elif name == "reshape":
                layers.append(nn.Unflatten(1, v) if len(v) == 3 else nn.Flatten())
                shape = tuple(v)
            else:
                layers.append(ACTIVATIONS[name](*v))
        super().__init__(*layers)
        self.double()

    def forward(self, rows):
        for layer in self:
            if isinstance(layer, nn.ConvTranspose2d) and rows.dim() == 2:
                rows = rows[:, :, None, None]
            if isinstance(layer, nn.Unflatten):
                rows = rows.flatten(1)
            rows = layer(rows)
        return rows.flatten(1)

    def randomise(self, random, scale=1.0):
        """Parameters that keep values near 1."""
        with torch.no_grad():
            for layer in self:
                if not isinstance(layer, (nn.Linear, nn.ConvTranspose2d)):
                    continue
                products = layer.weight[0].numel()
                if isinstance(layer, nn.ConvTranspose2d):
                    products = layer.in_channels * max(1, (layer.kernel_size[0] / layer.stride[0]) ** 2)
                for parameter in layer.parameters():
                    bound = scale * math.sqrt(3 / products)
                    parameter.copy_(uniform(random, -bound, bound, *parameter.shape))
        return self

    def flat_parameters(self):
        return flat(self.parameters())


ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
}


def flat(tensors):
    """All numbers of some tensors, one after the other."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def uniform(random, low, high, *shape):
    """Numbers that a float32 holds."""
    return torch.from_numpy(random.uniform(low, high, shape).astype(np.float32).astype(float))


def normal(random, *shape):
    return torch.from_numpy(random.normal(size=shape).astype(np.float32).astype(float))


def net_values(net, rows, grad_out):
    """Output, and the gradients of the sum of grad_out * output."""
    rows = rows.clone().requires_grad_()
    out = net(rows)
    parameters = list(net.parameters())
    gradients = torch.autograd.grad((grad_out * out).sum(), [rows, *parameters])
    values = {"out": out.detach(), "grad_in": gradients[0]}
    return values | ({"grad_params": flat(gradients[1:])} if parameters else {})


ACTIVATION_SPEC = "in 6; linear 12; {0}; reshape 3 2 2; conv_transpose2d 4 4 2 1; {0}; conv_transpose2d 2 3 1 1 nobias"
CONVOLUTION_SPEC = "in 24; reshape 2 3 4; conv_transpose2d 2 {}"
KINDS = [f"{name} 0.2" if name == "leaky_relu" else name for name in ACTIVATIONS]
CONVOLUTIONS = (  # kernel, stride, padding
    "1 1 0",
    "2 1 0 nobias",
    "2 2 1",
    "3 1 1",
    "3 2 0",
    "4 1 2",
    "4 2 1",
    "4 3 2 nobias",
    "5 3 2",
    "6 3 1",
    "7 4 6",
)

# Where activations bend, their tails, both zeros, and denormal numbers.
POINTS = [*np.arange(-12, 12.25, 0.25), 0.0, -0.0, 1e-3, -1e-3, 20, -20, 87, -87, 1e4, -1e4, 1e-40, -1e-40]


def make_nets():
    random = np.random.RandomState(1)
    specs = {f"net of {kind}": ACTIVATION_SPEC.format(kind) for kind in KINDS}
    specs |= {f"linear{bias}": f"in 13; linear 9{bias}" for bias in ("", " nobias")}
    specs |= {f"conv_transpose2d {numbers}": CONVOLUTION_SPEC.format(numbers) for numbers in CONVOLUTIONS}
    specs |= {f"pixel {padding}": f"in 5; conv_transpose2d 3 5 2 {padding}" for padding in (0, 1)}
    tensors, metadata = {}, {}
    for name, spec in specs.items():
        net = Net(spec).randomise(random, 1.5)
        rows = uniform(random, -2, 2, 2, int(spec.split()[1].strip(";")))
        inputs = {"in": rows, "grad_out": uniform(random, -1, 1, *net(rows).shape)}
        values = {**inputs, "params": net.flat_parameters(), **net_values(net, *inputs.values())}
        tensors |= {f"{name}.{key}": value for key, value in values.items()}
        metadata[name] = spec
    for kind in KINDS:
        rows = torch.tensor([POINTS], dtype=torch.float32).double()
        spec = f"in {len(POINTS)}; {kind}"
        inputs = {"in": rows, "grad_out": torch.ones_like(rows)}
        values = {**inputs, **net_values(Net(spec), *inputs.values())}
        tensors |= {f"points of {kind}.{key}": value for key, value in values.items()}
        metadata[f"points of {kind}"] = spec
    return tensors, metadata


# ---- the noise of the library ----


class Philox:
    """Normal numbers of the library: Philox 4x32-10 (Salmon et al. 2011) of a key, counted by block, step and chain,
    and the sine-cosine method (Box and Muller)."""

    PRIOR, POSTERIOR, TRAINER_POSTERIOR, TRAINER_PRIOR = 1, 2, 3, 4

    def __init__(self, seed, stream, purpose):
        words = self.words([seed & 0xFFFFFFFF, seed >> 32], purpose, 0xFFFFFFFF, stream)
        self.key = [int(words[0]), int(words[1])]

    @staticmethod
    def words(key, *counter):
        """Four random words for each counter (block, step, chain)."""
        low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
        block, step, chain = (part.astype(np.uint64) for part in np.broadcast_arrays(*counter))
        c = [block, step, chain & low, chain >> half]
        for i in range(10):
            first, second = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            keys = [np.uint64((k + i * bump) & 0xFFFFFFFF) for k, bump in zip(key, (0x9E3779B9, 0xBB67AE85))]
            c = [(second >> half) ^ c[1] ^ keys[0], second & low, (first >> half) ^ c[3] ^ keys[1], first & low]
        return c

    def normals(self, step, chains, dims):
        blocks = (dims + 3) // 4
        words = self.words(self.key, np.arange(blocks)[None], step, np.arange(chains)[:, None])
        half, scale = np.float32(0.5), np.float32(2.0**-31)
        columns = []
        for turn in (np.cos, np.sin):
            for radius, angle in zip(words[:2], words[2:]):
                number = ((radius >> np.uint64(1)).astype(np.float32) + half) * scale  # in (0, 1], as a float32
                length = np.sqrt(-2 * np.log(number.astype(float)))
                columns.append(length * turn(2 * math.pi * angle.astype(float) * 2.0**-32))
        return torch.from_numpy(np.stack(columns, axis=2).reshape(chains, 4 * blocks)[:, :dims])


# ---- models ----

MODELS = {
    # The authors' nets for SVHN, few channels.
    "svhn": {
        "seed": 2,
        "f": "in 12; linear 24; gelu; linear 24; gelu; linear 1",
        "g": "in 12; conv_transpose2d 14 4 1 0; leaky_relu 0.2; conv_transpose2d 8 4 2 1; leaky_relu 0.2; "
        "conv_transpose2d 4 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
        "likelihood": "gaussian",
        "sigma0": 1.0,
        "sigma": 0.3,
    },
    # Linear layers for MNIST, the authors' other activation in the energy.
    "mnist": {
        "seed": 3,
        "f": "in 8; linear 20; leaky_relu 0.2; linear 20; leaky_relu 0.2; linear 1",
        "g": "in 8; linear 12; gelu; linear 5; gelu; linear 784; reshape 1 28 28; tanh",
        "likelihood": "gaussian",
        "sigma0": 0.7,
        "sigma": 0.5,
    },
    # Transposed convolutions for MNIST in black and white.
    "mnist_bernoulli": {
        "seed": 4,
        "f": "in 10; linear 16; silu; linear 1",
        "g": "in 10; linear 147; silu; reshape 3 7 7; conv_transpose2d 6 4 2 1; silu; conv_transpose2d 1 4 2 1",
        "likelihood": "bernoulli",
        "sigma0": 1.5,
        "sigma": 0.0,
    },
}
CHAINS, STEPS = 3, 20
LEARNING_STEPS, END_OF_EPOCH = 5, 3
PRIOR_STEP_SIZE, POSTERIOR_STEP_SIZE = 0.08, 0.005
SEED, STREAM = 12345678901, 3
LEARNING = {  # options of the trainer
    "prior_learning_rate": 3e-3,
    "generator_learning_rate": 2e-3,
    "beta1": 0.5,
    "beta2": 0.999,
    "epsilon": 1e-4,
    "decay_per_epoch": 0.8,
    "prior_weight_decay": 0.1,
    "generator_weight_decay": 0.2,
    "prior_clip_norm": 1.7,
    "generator_clip_norm": 52.0,
    "seed": SEED,
}


class Model:
    def __init__(self, settings):
        random = np.random.RandomState(settings["seed"])
        self.f, self.g = Net(settings["f"]).randomise(random, 1.2), Net(settings["g"]).randomise(random, 1.2)
        self.p0 = torch.distributions.Normal(torch.tensor(0.0).double(), settings["sigma0"])
        self.sigma0, self.sigma, self.bernoulli = settings["sigma0"], settings["sigma"], settings["sigma"] == 0
        self.z = normal(random, CHAINS, self.f[0].in_features)
        self.x = uniform(random, 0 if self.bernoulli else -1, 1, CHAINS, self.g(self.z).shape[1])

    def prior_log_density(self, z):
        return self.f(z)[:, 0] + self.p0.log_prob(z).sum(1)

    def decode(self, z):
        return torch.sigmoid(self.g(z)) if self.bernoulli else self.g(z)

    def log_likelihood(self, z, x):
        if self.bernoulli:
            return -nn.functional.binary_cross_entropy_with_logits(self.g(z), x, reduction="none").sum(1)
        return torch.distributions.Normal(self.g(z), self.sigma).log_prob(x).sum(1)

    def energy(self, z, x=None):
        """As the authors write it: the energy net is -f, and constants are left out."""
        energy = -self.f(z).sum() + (z**2).sum() / (2 * self.sigma0**2)
        if x is None:
            return energy
        if self.bernoulli:
            return energy + nn.functional.binary_cross_entropy_with_logits(self.g(z), x, reduction="sum")
        return energy + nn.functional.mse_loss(self.g(z), x, reduction="sum") / (2 * self.sigma**2)

    def chain(self, z, step_size, x=None, noise=None):
        """The authors' z - d^2/2 dU/dz + d e, with d^2 = 2 s. `noise` gives that of a step."""
        d = math.sqrt(2 * step_size)
        for step in range(1, STEPS + 1):
            z = z.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.energy(z, x), z)
            z = z - 0.5 * d**2 * gradient + (0 if noise is None else d * noise.normals(step, *z.shape))
        return z.detach()

    def learn(self):
        """Steps of maximum likelihood as the trainer makes them, the chains from its noise but without any after."""
        f = torch.optim.Adam(self.f.parameters(), LEARNING["prior_learning_rate"], **adam_options("prior"))
        g = torch.optim.Adam(self.g.parameters(), LEARNING["generator_learning_rate"], **adam_options("generator"))
        schedules = [torch.optim.lr_scheduler.ExponentialLR(adam, LEARNING["decay_per_epoch"]) for adam in (f, g)]
        starts, metrics = [], []
        for step in range(LEARNING_STEPS):
            noises = (Philox(SEED, step, purpose) for purpose in (Philox.TRAINER_POSTERIOR, Philox.TRAINER_PRIOR))
            starts.append([noise.normals(0, *self.z.shape).float() for noise in noises])
            positive = self.chain(starts[step][0].double(), POSTERIOR_STEP_SIZE, self.x)
            negative = self.chain(starts[step][1].double(), PRIOR_STEP_SIZE)
            f.zero_grad()
            g.zero_grad()
            f_positive, f_negative = self.f(positive).mean(), self.f(negative).mean()
            log_likelihood = self.log_likelihood(positive, self.x).mean()
            (-(f_positive - f_negative) - log_likelihood).backward()
            error = nn.functional.mse_loss(self.decode(positive), self.x)
            f_norm = nn.utils.clip_grad_norm_(self.f.parameters(), LEARNING["prior_clip_norm"])
            g_norm = nn.utils.clip_grad_norm_(self.g.parameters(), LEARNING["generator_clip_norm"])
            metrics.append([float(m.detach()) for m in (error, log_likelihood, f_positive, f_negative, f_norm, g_norm)])
            f.step()
            g.step()
            if step + 1 == END_OF_EPOCH:
                for schedule in schedules:
                    schedule.step()
        results = {"starts": torch.stack([torch.stack(pair) for pair in starts]), "metrics": torch.tensor(metrics)}
        results |= {"f": self.f.flat_parameters(), "g": self.g.flat_parameters()}
        return {f"learning_{key}": value for key, value in results.items()}


def adam_options(net):
    betas = (LEARNING["beta1"], LEARNING["beta2"])
    return {"betas": betas, "eps": LEARNING["epsilon"], "weight_decay": LEARNING[f"{net}_weight_decay"]}


def make_model(settings):
    """A model file of the library with samplers and the trainer's options in it, and with what PyTorch computes."""
    model = Model(settings)
    tensors = {}
    for name in "fg":
        net = getattr(model, name)
        tensors |= {f"{name}.{key}": value.clone() for key, value in net.state_dict().items()}
    z, x = model.z, model.x
    results = {"z": z, "x": x}
    results |= {f"g_{key}": value for key, value in net_values(model.g, z, x).items()}
    rows = z.clone().requires_grad_()
    for name, density in (("prior", model.prior_log_density(rows)), ("likelihood", model.log_likelihood(rows, x))):
        results[f"{name}_log_density"] = density.detach()
        (results[f"{name}_score"],) = torch.autograd.grad(density.sum(), rows)
    if model.bernoulli:  # else it is the output of g
        results["mean"] = model.decode(z).detach()
    results["prior_chain"] = model.chain(z, PRIOR_STEP_SIZE)
    results["posterior_chain"] = model.chain(z, POSTERIOR_STEP_SIZE, x)
    noise = Philox(SEED, STREAM, Philox.PRIOR)
    results["noisy_prior_chain"] = model.chain(noise.normals(0, *z.shape), PRIOR_STEP_SIZE, noise=noise)
    noise = Philox(SEED, STREAM, Philox.POSTERIOR)
    results["noisy_posterior_chain"] = model.chain(noise.normals(0, *z.shape), POSTERIOR_STEP_SIZE, x, noise)
    results |= model.learn()
    tensors |= {f"golden.{key}": value for key, value in results.items()}

    metadata = {"format": "liblatentebm", "format_version": "1", "f.spec": settings["f"], "g.spec": settings["g"]}
    metadata |= {"prior.sigma0": str(settings["sigma0"]), "generator.likelihood": settings["likelihood"]}
    metadata["generator.sigma"] = str(settings["sigma"])
    for role, step_size in (("to_prior", PRIOR_STEP_SIZE), ("to_posterior", POSTERIOR_STEP_SIZE)):
        options = {"kernel": "langevin", "steps": STEPS, "step_size": step_size, "last_step_size": 0.0, "noise": 1}
        options |= {"start": "noise", "start_std": 1.0, "seed": SEED, "stream": STREAM}
        metadata |= {f"{role}.{key}": str(value) for key, value in options.items()}
    metadata |= {f"trainer.{key}": str(value) for key, value in LEARNING.items()}
    return tensors, metadata


# ---- initialisation ----

LAYERS = {"linear": "in 300; linear 200", "conv_transpose2d": "in 64; conv_transpose2d 48 4 2 1"}


def asked_of_torch(initialise):
    """What an initialisation asks Tensor.uniform_ or Tensor.normal_ for, call by call: the bound or the deviation."""
    asked = []
    uniform_, normal_ = torch.Tensor.uniform_, torch.Tensor.normal_

    def note_uniform(tensor, low, high, generator=None):
        asked.append(high)
        return uniform_(tensor, low, high)

    def note_normal(tensor, mean, std, generator=None):
        asked.append(std)
        return normal_(tensor, mean, std)

    torch.Tensor.uniform_, torch.Tensor.normal_ = note_uniform, note_normal
    try:
        initialise()
    finally:
        torch.Tensor.uniform_, torch.Tensor.normal_ = uniform_, normal_
    return asked


def statistics(values, asked):
    """What was asked for, mean, standard deviation, and the deciles."""
    return torch.cat(
        [
            torch.tensor([asked, values.mean(), values.std(correction=0)]),
            torch.quantile(values.flatten(), torch.linspace(0.1, 0.9, 9, dtype=values.dtype)),
        ]
    )


def make_init():
    torch.manual_seed(5)
    tensors, metadata = {}, {}
    for name, spec in LAYERS.items():
        layer = Net(spec)[0]
        weight, bias = asked_of_torch(layer.reset_parameters)
        tensors[f"{name}.pytorch.weight"] = statistics(layer.weight.detach(), weight)
        tensors[f"{name}.pytorch.bias"] = statistics(layer.bias.detach(), bias)
        (std,) = asked_of_torch(lambda: nn.init.xavier_normal_(layer.weight))
        tensors[f"{name}.xavier_normal.weight"] = statistics(layer.weight.detach(), std)
        metadata[name] = spec
    return tensors, metadata


# ---- recurrent generators of tokens ----


class Decoder(nn.Module):
    """The recurrent net of a spec: "in M; embedding E [noz]; lstm H [LAYERS] [noz]; tokens V D [tied]"."""

    def __init__(self, spec):
        super().__init__()
        z, embedding, cell, tokens = (item.split() for item in spec.split(";"))
        self.latent, size, units = int(z[1]), int(embedding[1]), int(cell[1])
        self.layers = int(cell[2]) if cell[2:] and cell[2] != "noz" else 1
        self.end, self.longest = int(tokens[1]), int(tokens[2])
        self.steps_have_z, self.start_has_z, self.kind = "noz" not in embedding, "noz" not in cell, cell[0]
        self.embedding = nn.Embedding(self.end + 1, size)
        if self.start_has_z:
            self.start = nn.Linear(self.latent, self.layers * units)
        rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[self.kind]
        setattr(self, self.kind, rnn(size + self.steps_have_z * self.latent, units, self.layers))
        self.output = nn.Linear(units, self.end + 1)
        self.units = units
        if "tied" in tokens:
            self.output.weight = self.embedding.weight

    def log_likelihood(self, z, sequence):
        """log p(x|z) of one sequence."""
        targets = [*sequence, self.end][: self.longest]
        inputs = self.embedding(torch.tensor([self.end, *sequence][: len(targets)]))
        if self.steps_have_z:
            inputs = torch.cat([inputs, z.expand(len(targets), -1)], 1)
        zeros = torch.zeros(self.layers, self.units)
        h = self.start(z).reshape(self.layers, self.units) if self.start_has_z else zeros
        outputs, _ = getattr(self, self.kind)(inputs, (h, zeros) if self.kind == "lstm" else h)
        distribution = torch.distributions.Categorical(logits=self.output(outputs))
        return distribution.log_prob(torch.tensor(targets)).sum()


DECODERS = {
    "lstm": "in 4; embedding 6; lstm 8; tokens 11 7",
    "gru": "in 4; embedding 6; gru 8; tokens 11 7",
    "lstm of three layers": "in 3; embedding 5; lstm 7 3; tokens 9 6",
    "gru of two layers": "in 3; embedding 5; gru 7 2; tokens 9 6",
    "lstm tied": "in 3; embedding 9; lstm 9; tokens 70 5 tied",
    "gru of several blocks": "in 5; embedding 4; gru 5; tokens 1100 4",
    "lstm without z at steps": "in 3; embedding 5 noz; lstm 6; tokens 8 6",
    "gru without z at the start": "in 3; embedding 5; gru 6 noz; tokens 8 6",
}
SEQUENCES, DECODER_STEPS, DECODER_STEP_SIZE = 6, 20, 0.05


def make_recurrent():
    """Log likelihoods, gradients, and chains without noise towards the posterior under the prior N(0, I)."""
    random = np.random.RandomState(9)
    tensors, metadata = {}, {}
    for name, spec in DECODERS.items():
        net = Decoder(spec)
        for parameter in net.parameters():
            parameter.data = uniform(random, -0.8, 0.8, *parameter.shape)
        lengths = [0, 1, net.longest - 1, *random.randint(0, net.longest + 1, SEQUENCES - 4), net.longest]
        sequences = [random.randint(0, net.end, length).tolist() for length in lengths]
        x = torch.tensor([sequence + [-1] * (net.longest - len(sequence)) for sequence in sequences])
        z = normal(random, SEQUENCES, net.latent)
        rows = z.clone().requires_grad_()
        values = torch.stack([net.log_likelihood(*pair) for pair in zip(rows, sequences)])
        score, *gradients = torch.autograd.grad(values.sum(), [rows, *net.parameters()])
        chain = z.clone()
        for _ in range(DECODER_STEPS):
            chain = chain.detach().requires_grad_()
            energy = (chain**2).sum() / 2 - sum(net.log_likelihood(*pair) for pair in zip(chain, sequences))
            (slope,) = torch.autograd.grad(energy, chain)
            chain = chain - DECODER_STEP_SIZE * slope
        values = {"params": flat(net.parameters()), "z": z, "x": x, "log_likelihood": values.detach(), "score": score}
        values |= {"grad_params": flat(gradients), "chain": chain.detach()}
        tensors |= {f"{name}.{key}": value for key, value in values.items()}
        metadata[name] = spec
    return tensors, metadata


def main():
    parser = argparse.ArgumentParser(description="Writes the golden files.")
    parser.add_argument("--check", action="store_true", help="compare with those there are")
    arguments = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    files = {"nets": make_nets(), "init": make_init(), "recurrent": make_recurrent()}
    files |= {name: make_model(settings) for name, settings in MODELS.items()}
    for name, contents in files.items():
        path = FOLDER / f"{name}.safetensors"
        if arguments.check:
            print(f"{path.name}: PyTorch {torch.__version__} differs by {check(path, *contents):.1e} at most")
        else:
            write(path, *contents)


if __name__ == "__main__":
    main()
