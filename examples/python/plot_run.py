"""Draws how a training went: the curves of its metrics.csv, and f on samples of its model.

The folder is what train_mnist or train_svhn wrote to (--out). The histogram shows where the model's f puts its latent
vectors: the prior's samples should lie where the posterior's do, and neither where p0's noise lies.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import lebm
import numpy as np

try:
    import matplotlib

    matplotlib.use("Agg")  # draws to files, without a display
    from matplotlib import pyplot
except ImportError:  # main() says so: --help does without it
    matplotlib = None

def energies(path: pathlib.Path, n: int, images: np.ndarray | None) -> dict[str, np.ndarray]:
    """f on noise, on prior samples and on posterior samples, of images or else of what the model itself draws."""
    prior, generator = lebm.load_model(path)
    to_prior, to_posterior = lebm.load_sampler(path, "to_prior"), lebm.load_sampler(path, "to_posterior")
    z: dict[str, np.ndarray] = {
        "noise of p0": np.random.default_rng(0).normal(0, prior.sigma0, (n, prior.latent_size)),
        "prior samples": to_prior.run_prior(prior, n),
    }
    if images is None:
        x = generator.decode(z["prior samples"])
        z["posterior samples of drawn images"] = to_posterior.run_posterior(prior, generator, x)
    else:
        z["posterior samples of given images"] = to_posterior.run_posterior(prior, generator, images[:n])
    return {name: prior.net.forward(points)[:, 0] for name, points in z.items()}


def draw_histogram(axis: pyplot.Axes, values: dict[str, np.ndarray]) -> None:
    """Draw a histogram of each, over the same bins."""
    bins = np.histogram_bin_edges(np.concatenate(list(values.values())), 60)
    for name, f in values.items():
        axis.hist(f, bins, density=True, alpha=0.5, label=name)
    axis.set(title="f(z), the negative energy", xlabel="f(z)")
    axis.margins(y=0.35)  # for the legend
    axis.legend(loc="upper right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="folder with metrics.csv and model.safetensors")
    parser.add_argument("--images", type=pathlib.Path, help="IDX file of images for the posterior, plain or .gz")
    parser.add_argument("--chains", type=int, default=500, help="samples of each kind (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, help="the PNG (run.png in the folder)")
    options = parser.parse_args()
    if matplotlib is None:
        parser.exit(1, "plot_run.py needs matplotlib (on Debian or Ubuntu: apt-get install python3-matplotlib)\n")

    images = None if options.images is None else lebm.images.load(options.images)
    figure, axes = pyplot.subplots(2, 2, figsize=(12, 8), constrained_layout=True)
    lebm.plot.curves(options.folder / "metrics.csv", axes.flat[:3])
    draw_histogram(axes.flat[3], energies(options.folder / "model.safetensors", options.chains, images))
    out = options.out or options.folder / "run.png"
    figure.savefig(out)
    sys.stdout.reconfigure(errors="surrogateescape")  # a path may have any bytes
    print(out)


if __name__ == "__main__":
    try:
        main()
    except (OSError, EOFError, ValueError, lebm.LebmError) as error:
        sys.exit(f"plot_run.py: {error}")
