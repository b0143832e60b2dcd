#!/usr/bin/env python3
"""Judges models of words: what z tells about held-out sentences, and how probable sentences are with z from the prior.

    judge_text.py --eval FILE MODEL.safetensors...

FILE is text as train_text reads it, a sentence a line, packed or not. Prints a row of a table in Markdown for each model, in nats or
perplexity per word and end:

    reconstruction   perplexity with z from chains to the posterior, as the model's begin and with --steps N steps
    others' z        the same with the z of another sentence
    z tells          the difference of the two, in nats of a whole sentence
    under the prior  perplexity of --estimates sentences by the log of the mean of p(x|z) over --draws z from chains to
                     the prior, an estimate of log p(x) that is too low in the mean, the more so the more z tells
    under p0         the same with z from p0

Needs NumPy; $LEBM_LIBRARY as examples/python/lebm does.
"""
import argparse
import gzip
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"))
import lebm  # noqa: E402


def read(path, generator, count):
    """The first sentences, cut to the length that the generator knows, as rows of tokens."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        sentences = [" ".join(line.split()[: generator.data_size]) for line in file if line.strip()]
    return generator.tokens(sentences[:count])


def perplexity(log_likelihoods, x):
    """Per word and end that count: after the longest sentence the end is certain."""
    lengths = (x != lebm.PADDING).sum(1)
    return f"{np.exp(-log_likelihoods.sum() / (lengths + (lengths < x.shape[1])).sum()):.2f}"


def log_mean_likelihood(generator, x, z):
    """Of each sentence, over all z."""
    means = np.empty(len(x))
    for i, row in enumerate(x):
        terms = generator.log_likelihood(z, np.tile(row, (len(z), 1))).astype(float)
        means[i] = np.logaddexp.reduce(terms) - np.log(len(z))
    return means


def score(path, arguments):
    prior, generator = lebm.load_model(path)
    x = read(arguments.eval, generator, arguments.sentences)
    to_posterior, to_prior = lebm.load_sampler(path, "to_posterior"), lebm.load_sampler(path, "to_prior")
    to_posterior.options["seed"] = to_prior.options["seed"] = arguments.seed
    if arguments.steps:
        to_posterior.options["steps"] = arguments.steps
    z = to_posterior.run_posterior(prior, generator, x)
    own = generator.log_likelihood(z, x).astype(float)
    others = generator.log_likelihood(np.roll(z, 1, axis=0), x).astype(float)
    p0 = prior.sigma0 * np.random.default_rng(arguments.seed).standard_normal((arguments.draws, prior.latent_size))
    draws = {"prior": to_prior.run_prior(prior, arguments.draws), "p0": p0.astype(np.float32)}
    few = x[: arguments.estimates]
    under = [log_mean_likelihood(generator, few, z) for z in draws.values()]
    return [
        *(perplexity(values, x) for values in (own, others)),
        f"{(own - others).mean():.2f}",
        *(perplexity(values, few) for values in under),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="models to score")
    parser.add_argument("--eval", type=pathlib.Path, required=True, help="the held-out text")
    parser.add_argument("--sentences", type=int, default=500, help="of the held-out ones: the first so many")
    parser.add_argument("--estimates", type=int, default=200, help="of these: the first so many")
    parser.add_argument("--steps", type=int, help="of chains to the posterior, instead of the model's")
    parser.add_argument("--draws", type=int, default=1000, help="z for each estimate")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    columns = ["reconstruction", "others' z", "z tells", "under the prior", "under p0"]
    print(f"| model | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}", flush=True)
    for path in arguments.models:
        print(f"| {path} | {' | '.join(score(path, arguments))} |", flush=True)


if __name__ == "__main__":
    main()
