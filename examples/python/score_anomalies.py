"""How well a model that never saw one of MNIST's digits tells it from the others, by each of its log densities.

Prints the area under the ROC curve (AUROC): how often a digit of the odd kind scores lower than another digit. 0.5 is
chance, 1 perfect; what is below 0.5 takes the odd kind for the more ordinary one.
"""

import argparse
import gzip
import pathlib

import lebm
import numpy as np


def read(folder: pathlib.Path, name: str, offset: int) -> np.ndarray:
    path = folder / name
    data = path.read_bytes() if path.exists() else gzip.decompress(pathlib.Path(f"{path}.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


def read_digits(folder: pathlib.Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, 784] in [-1, 1] and their labels."""
    labels = read(folder, f"{name}-labels-idx1-ubyte", 8)
    return read(folder, f"{name}-images-idx3-ubyte", 16).reshape(len(labels), -1) / np.float32(127.5) - 1, labels


def learn(images: np.ndarray, steps: int) -> tuple[lebm.Prior, lebm.Generator, lebm.Sampler]:
    """A small model of the images, and a sampler of its posterior."""
    specs = "in 16; linear 100; gelu; linear 1", "in 16; linear 128; relu; linear 784; reshape 1 28 28; tanh"
    prior, generator = lebm.create_model(*specs, "gaussian", 0.3, seed=1)
    to_prior = lebm.Sampler(steps=60, step_size=0.25, last_step_size=0.01)
    to_posterior = lebm.Sampler(steps=20, step_size=0.005)
    rates = {"prior_learning_rate": 1e-3, "generator_learning_rate": 2e-3}
    trainer, rng = lebm.Trainer(prior, generator, to_prior, to_posterior, **rates), np.random.default_rng(1)
    for _ in range(steps):
        trainer.step(images[rng.integers(0, len(images), 100)])
    to_posterior.options["steps"] = 60  # to be nearer to p(z|x)
    return prior, generator, to_posterior


def ranks(scores: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """The fraction of ordinary observations that score lower; half of those that score the same counts."""
    ordinary = np.sort(scores[~odd])
    return (np.searchsorted(ordinary, scores, "left") + np.searchsorted(ordinary, scores, "right")) / 2 / len(ordinary)


def print_table(of_one: lebm.LogJoint, of_all: lebm.LogJoint, odd: np.ndarray) -> None:
    """AUROC of scores made of both log densities, by one chain for each observation and by the means of several."""
    print(f"{'AUROC':24} {'one chain':>12} {f'mean of {len(of_all.z)}':>12}")
    for name, score in {
        "log p(x|z) + log p(z)": lambda s: s.log_likelihood + s.log_prior,
        "log p(x|z)": lambda s: s.log_likelihood,
        "log p(z)": lambda s: s.log_prior,
        "lower rank of the two": lambda s: np.minimum(ranks(s.log_likelihood, odd), ranks(s.log_prior, odd)),
    }.items():
        print(f"{name:24} " + " ".join(f"{1 - ranks(score(s), odd)[odd].mean():12.2f}" for s in (of_one, of_all)))
    print(
        f"standard deviation of log p(x|z): {of_one.log_likelihood.std():.1f}, "
        f"of log p(z): {of_one.log_prior.std():.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="has MNIST's four files, plain or compressed by gzip")
    parser.add_argument("--odd", type=int, default=1, help="the digit that is not learned, 0 to 9 (%(default)s)")
    parser.add_argument("--steps", type=int, default=1500, help="steps of training, of 100 images (%(default)s)")
    parser.add_argument("--chains", type=int, default=5, help="posterior chains for each image (%(default)s)")
    options = parser.parse_args()
    try:
        (images, labels), (x, kinds) = (read_digits(options.folder, name) for name in ("train", "t10k"))
    except OSError as error:
        parser.exit(1, f"score_anomalies.py: {error}\n")
    if not (options.odd in labels and options.odd in kinds[:2000]):
        parser.exit(1, f"score_anomalies.py: --odd {options.odd} is no digit of these files: choose one of 0 to 9\n")
    prior, generator, sampler = learn(images[labels != options.odd], options.steps)
    x, kinds = x[:2000], kinds[:2000]
    scores = (sampler.log_joint(prior, generator, x, chains) for chains in (1, options.chains))
    print_table(*scores, kinds == options.odd)
