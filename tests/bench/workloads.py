"""The models that are measured, for bench.py and peer_pytorch.py."""
import math
from typing import NamedTuple

PARTS = ["whole", "prior", "posterior", "learning"]  # of a training step; bench_row.c says what each holds


class Model(NamedTuple):
    title: str
    f: str  # specs of nets, as lebm_net_create_from_spec() reads them
    g: str
    prior_steps: int
    posterior_steps: int


def layers(spec):
    """Yield each layer as (kind, numbers, shape of a row before it, shape after it); a flat vector has shape (N,)."""
    first, *items = [item.split() for item in spec.split(";")]
    shape = (int(first[1]),)
    for kind, *numbers in items:
        before = shape
        if kind == "linear":
            shape = (int(numbers[0]),)
        elif kind == "reshape":
            shape = tuple(int(n) for n in numbers)
        elif kind == "conv_transpose2d":
            before = shape if len(shape) == 3 else (*shape, 1, 1)
            out, kernel, stride, padding = (int(n) for n in numbers)
            shape = (out, *((size - 1) * stride - 2 * padding + kernel for size in before[1:]))
        yield kind, numbers, before, shape


def is_of_text(model):
    return "tokens" in model.g


def convolves(model, part):
    """Does this part of a step compute convolutions?"""
    return part != "prior" and not is_of_text(model) and any(kind == "conv_transpose2d" for kind, *_ in layers(model.g))


def forward_operations(spec):
    """Operations of one row, in direct form: 2 for each multiplication, whatever way a library finds around it."""
    operations = 0
    for kind, numbers, before, after in layers(spec):
        if kind == "linear":
            operations += 2 * before[0] * after[0]
        elif kind == "conv_transpose2d":
            operations += 2 * math.prod(before) * after[0] * int(numbers[1]) ** 2
    return operations


def recurrent_sizes(spec):
    """z, embedding, units, tokens and longest sequence of a recurrent net of one layer, an LSTM."""
    return [int(word) for word in spec.replace(";", "").split() if word.isdigit()]


def recurrent_operations(spec):
    """Its operations for a row: what depends on z, and the products of the embeddings, which do not."""
    latent, embedding, units, tokens, longest = recurrent_sizes(spec)
    gates = 4 * units
    of_z = 2 * latent * (units + gates)
    return of_z + longest * 2 * units * (gates + tokens + 1), longest * 2 * embedding * gates


def operations(model, part, batch):
    """A step of a chain passes forward and back to its input; learning passes back to the weights as well. Products of
    embeddings are the same at all steps of a chain, and count once."""
    f = forward_operations(model.f)
    g, embeddings = recurrent_operations(model.g) if is_of_text(model) else (forward_operations(model.g), 0)
    of = {
        "prior": model.prior_steps * 2 * f,
        "posterior": model.posterior_steps * 2 * (f + g) + embeddings,
        "learning": 2 * 3 * f + 3 * (g + embeddings),  # f on the ends of both kinds of chains
    }
    return batch * (sum(of.values()) if part == "whole" else of[part])


def svhn(width):
    return Model(
        f"SVHN, width {width}",
        "in 100; linear 200; gelu; linear 200; gelu; linear 1",
        f"in 100; conv_transpose2d {8 * width} 4 1 0; leaky_relu 0.2; conv_transpose2d {4 * width} 4 2 1; "
        f"leaky_relu 0.2; conv_transpose2d {2 * width} 4 2 1; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh",
        60,
        20,
    )


MODELS = {
    "mnist": Model(
        "MNIST default",
        "in 16; linear 200; gelu; linear 200; gelu; linear 1",
        "in 16; linear 256; leaky_relu 0.2; linear 512; leaky_relu 0.2; linear 784; reshape 1 28 28; tanh",
        160,
        40,
    ),
    "mnist-conv": Model(
        "MNIST convolutions",
        "in 16; linear 200; gelu; linear 200; gelu; linear 1",
        "in 16; conv_transpose2d 128 7 1 0; leaky_relu 0.2; conv_transpose2d 64 4 2 1; leaky_relu 0.2; "
        "conv_transpose2d 1 4 2 1; tanh",
        60,
        40,
    ),
    "svhn": svhn(64),
    "svhn-32": svhn(32),
    "text": Model(
        "Text",
        "in 32; linear 200; gelu; linear 200; gelu; linear 1",
        "in 32; embedding 256; lstm 256; tokens 10000 22",
        40,
        20,
    ),
}


def choice_of(names, kind):
    """A type for argparse: some of `names`, separated by commas."""

    def parse(text):
        for name in text.split(","):
            if name not in names:
                raise ValueError(name)
        return text.split(",")

    parse.__name__ = f"choice of {kind} ({', '.join(names)})"  # which argparse says of a wrong one
    return parse
