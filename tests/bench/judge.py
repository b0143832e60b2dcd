#!/usr/bin/env python3
"""Judges models of images: how far their samples are from the data, and how well they reconstruct held-out images.

    judge.py learn --train FILE --eval FILE --judge JUDGE.pt       a classifier of the training images
    judge.py score --train FILE --eval FILE --judge JUDGE.pt MODEL.safetensors...

FILE is a .mat file as SVHN's or an *images-idx3-ubyte file as MNIST's, packed or not, beside which its labels lie. The
second prints a row of a table in Markdown for each model:

    distance   the Frechet distance (Heusel et al. 2017) of the features of 10,000 samples to those of all training images.
               Features are the 64 numbers before the last layer of the classifier; samples are means of x given z, from
               chains to the prior as the model was trained
    mse N      mean squared error per pixel, in [-1, 1], of reconstructions of the held-out images from chains to the
               posterior of N steps, of the model's step size, that begin at noise. Each step evaluates the score once
    kept N     with --kept CHECKPOINT, of one model alone: of chains that begin where kept chains of other observations are,
               drawn at random, so at the law of the posteriors' z and not at p0

Distances are comparable for one judge, and one number of training images, only. Needs NumPy, PyTorch, for .mat files SciPy,
and for --kept safetensors; $LEBM_LIBRARY as examples/python/lebm does.
"""
import argparse
import gzip
import pathlib
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"))
import lebm  # noqa: E402

FEATURES, CLASSES, SAMPLES, AT_ONCE = 64, 10, 10000, 500
EPOCHS, BATCH, RATE = 6, 64, 2e-3


def read_idx(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        data = file.read()
    sizes = np.frombuffer(data, ">u4", data[3], 4).astype(int)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def read(path):
    """Images [n, channels, height, width] in [-1, 1] and their labels."""
    if path.suffix == ".mat":
        from scipy.io import loadmat  # only here, for MNIST needs no SciPy

        content = loadmat(path)
        pixels, labels = content["X"].transpose(3, 2, 0, 1), content["y"].ravel() % CLASSES
    else:
        pixels = read_idx(path)[:, None]
        labels = read_idx(path.with_name(path.name.replace("images-idx3", "labels-idx1")))
    return pixels.astype(np.float32) / 127.5 - 1, labels.astype(np.int64)


class Judge(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        sizes = [channels, 32, 64, FEATURES]
        blocks = [
            nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))
            for before, after in zip(sizes, sizes[1:])
        ]
        self.features = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classes = nn.Linear(FEATURES, CLASSES)

    def forward(self, images):
        return self.classes(self.features(images))


def batches(images, part):
    """What `part` of a judge makes of images, some at a time."""
    with torch.no_grad():
        return torch.cat([part(torch.from_numpy(images[i : i + AT_ONCE])) for i in range(0, len(images), AT_ONCE)])


def learn(arguments):
    torch.manual_seed(arguments.seed)
    images, labels = read(arguments.train)
    judge = Judge(images.shape[1])
    steps = EPOCHS * (len(images) // BATCH)
    optimiser = torch.optim.Adam(judge.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images))[: len(images) // BATCH * BATCH].view(-1, BATCH).numpy():
            loss = nn.functional.cross_entropy(judge(torch.from_numpy(images[rows])), torch.from_numpy(labels[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    judge.eval()
    held_out, truth = read(arguments.eval)
    right = (batches(held_out, judge).argmax(1).numpy() == truth).mean()
    print(f"{arguments.judge}: {len(images)} images learned; {right:.1%} of {len(truth)} held-out ones are classified rightly")
    torch.save({"channels": judge.channels, "state": judge.state_dict()}, arguments.judge)


def load_judge(path):
    saved = torch.load(path, weights_only=True)
    judge = Judge(saved["channels"])
    judge.load_state_dict(saved["state"])
    return judge.eval()


def normal_of(judge, images):
    """Mean and covariance of the features of images."""
    features = batches(images, judge.features).double().numpy()
    return features.mean(0), np.cov(features.T)


def frechet_distance(one, other):
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)); the root's trace from the eigenvalues of C^(1/2) C' C^(1/2)."""
    values, vectors = np.linalg.eigh(one[1])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    trace = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other[1] @ root), 0)).sum()
    return ((one[0] - other[0]) ** 2).sum() + np.trace(one[1]) + np.trace(other[1]) - 2 * trace


def decode(generator, z):
    return generator.decode(z).reshape(-1, *generator.data_shape)


def samples(path, prior, generator, seed):
    to_prior = lebm.load_sampler(path, "to_prior")
    to_prior.options["seed"] = seed
    return decode(generator, to_prior.run_prior(prior, SAMPLES))


def reconstruction_mse(path, prior, generator, images, steps, start):
    """`start`: z to begin at, or None for noise."""
    to_posterior = lebm.load_sampler(path, "to_posterior")
    to_posterior.options["steps"] = steps
    if start is not None:
        to_posterior.options["start"] = "given"
        start = start.copy()  # a run moves the z that it is given
    z = to_posterior.run_posterior(prior, generator, images, start)
    return float(np.mean((decode(generator, z) - images) ** 2))


def kept_chains(path, n):
    """n starts at the law of the kept chains."""
    from safetensors import safe_open  # only here

    with safe_open(path, "np") as file:
        z = file.get_tensor("chains.posterior")[file.get_tensor("chains.visited") != 0]
    return z[np.random.default_rng(0).integers(len(z), size=n)]


def score(arguments):
    judge = load_judge(arguments.judge)
    training, _ = read(arguments.train)
    held_out = read(arguments.eval)[0][: arguments.eval_images]
    data = normal_of(judge, training)
    starts = {"mse": None}
    if arguments.kept:
        starts["kept"] = kept_chains(arguments.kept, len(held_out))
    columns = ["distance", *(f"{name} {n}" for name in starts for n in arguments.steps)]
    print(f"| model | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}", flush=True)
    print(f"| held-out images | {frechet_distance(data, normal_of(judge, held_out)):.3f} |" + " |" * (len(columns) - 1))
    for path in arguments.models:
        prior, generator = lebm.load_model(path)
        drawn = samples(path, prior, generator, arguments.seed)
        figures = [f"{frechet_distance(data, normal_of(judge, drawn)):.3f}"]
        for start in starts.values():
            for n in arguments.steps:
                figures.append(f"{reconstruction_mse(path, prior, generator, held_out, n, start):.5f}")
        print(f"| {path} | {' | '.join(figures)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["learn", "score"])
    parser.add_argument("models", nargs="*", help="models to score")
    parser.add_argument("--train", type=pathlib.Path, required=True, help="the training images")
    parser.add_argument("--eval", type=pathlib.Path, required=True, help="the held-out images")
    parser.add_argument("--judge", type=pathlib.Path, required=True, help="file of the classifier")
    parser.add_argument("--steps", type=int, nargs="+", default=[20, 200], help="of chains to the posterior")
    parser.add_argument("--kept", type=pathlib.Path, help="checkpoint with kept chains to begin at, too")
    parser.add_argument("--eval-images", type=int, help="reconstruct the first so many held-out images alone")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_intermixed_args()
    torch.set_flush_denormal(True)
    (learn if arguments.what == "learn" else score)(arguments)


if __name__ == "__main__":
    main()
