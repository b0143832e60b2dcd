"""Writes diagnostics.txt: draws of chains, and what ArviZ 1.3 computes of them.

    python3 diagnostics.py              # writes it into this folder
    python3 diagnostics.py --check      # fails unless it holds what ArviZ computes here, to 1e-9

Draws come from a generator that is frozen (numpy.random.RandomState) and are decimal numbers of six digits, so that they
are the same doubles everywhere. Two things are not ArviZ's own functions, but its parts put together: R-hat of a single
chain, which it refuses and R's posterior does not; and nested R-hat of the draws as they are, which is written out below as
posterior has it (rhat_nested.default, version 1.6), from the equations of Margossian et al. (2024).
"""

import argparse
import sys
from pathlib import Path

try:
    import arviz_stats
    import numpy as np
    from arviz_stats.base import array_stats
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)
if tuple(map(int, arviz_stats.__version__.split(".")[:2])) < (1, 3):  # whose error of an sd is another one
    print(f"skipped: arviz_stats is {arviz_stats.__version__}, older than 1.3", file=sys.stderr)
    sys.exit(77)

FILE = Path(__file__).with_name("diagnostics.txt")
TOLERANCE = 1e-9
PROBABILITIES = (0.1, 0.5)


# ---- draws ----


def autoregressive(random, chains, length, rho):
    noise = random.normal(size=(chains, length))
    draws = noise.copy()
    for t in range(1, length):
        draws[:, t] = rho * draws[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return draws


def rejecting(random, chains, length):
    """Chains that often stay where they are, as those with a Metropolis test do."""
    draws = random.normal(size=(chains, length))
    for t in range(1, length):
        stays = random.uniform(size=chains) < 0.4
        draws[stays, t] = draws[stays, t - 1]
    return draws


def apart(random, superchains, members, length):
    """Superchains that have not come together yet."""
    return np.repeat(random.normal(size=(superchains, 1)), members, axis=0) + autoregressive(
        random, superchains * members, length, 0.5
    )


def make_draws():
    """By name: the draws [chains, length], and the number of superchains."""
    random = np.random.RandomState(16)
    draws = {
        "independent": (random.normal(size=(4, 60)), 2),
        "correlated": (autoregressive(random, 4, 80, 0.6), 4),
        "slow": (autoregressive(random, 4, 100, 0.97), 2),
        "alternating": (autoregressive(random, 4, 60, -0.6), 2),
        "of odd length": (autoregressive(random, 3, 41, 0.4), 3),
        "one chain": (autoregressive(random, 1, 120, 0.5), 0),
        "of four draws": (random.normal(size=(6, 4)), 3),
        "of five draws": (random.normal(size=(8, 5)), 2),
        "with ties": (np.round(2 * random.normal(size=(4, 60))), 2),
        "with ties, of odd length": (np.round(2 * random.normal(size=(6, 31))), 3),
        "that reject": (rejecting(random, 6, 50), 2),
        "without a mean": (random.standard_cauchy(size=(4, 60)), 2),
        "of other spread": (random.normal(size=(4, 60)) * np.array([[1], [1], [1], [4]]), 2),
        "apart": (apart(random, 4, 8, 12), 4),
        "far from 0": (1000 + 0.05 * random.normal(size=(4, 40)), 2),
        "tiny": (1e-30 * random.normal(size=(4, 40)), 2),
        "huge": (1e60 * random.normal(size=(4, 40)), 2),
    }
    return {name: (np.array([[float(f"{x:.6g}") for x in row] for row in x]), k) for name, (x, k) in draws.items()}


# ---- what ArviZ makes of them ----


def rhat(draws):
    halves = array_stats._split_chains(draws)
    folded = abs(halves - np.median(halves))
    return max(array_stats._rhat(array_stats._z_scale(values)) for values in (halves, folded))


def nested_rhat_of_posterior(draws, superchains):
    chains, length = draws.shape
    of_superchain = draws.reshape(superchains, chains // superchains, length)
    chain_means = of_superchain.mean(axis=2)
    within_chain = of_superchain.var(axis=2, ddof=1).mean(axis=1) if length > 1 else 0
    between_chains = chain_means.var(axis=1, ddof=1) if chains > superchains else 0
    between_superchains = chain_means.mean(axis=1).var(ddof=1)
    return np.sqrt(1 + between_superchains / np.mean(within_chain + between_chains))


def require_other_values(draws, probability):
    """ArviZ calls the ESS of what is the same everywhere the number of draws, the library NaN: not to be recorded."""
    marks = array_stats._split_chains(draws <= np.quantile(draws, probability))
    if marks.all() or not marks.any():
        sys.exit(f"the draws up to the quantile at {probability} are all or none")


def measure(draws, superchains):
    for probability in (0.05, 0.95, *PROBABILITIES):
        require_other_values(draws, probability)
    scale = float(2.0 ** np.floor(np.log2(abs(draws).max())))  # of which ArviZ cannot take fourth powers
    results = {
        "rhat": rhat(draws),
        "ess_bulk": array_stats.ess(draws, method="bulk"),
        "ess_tail": array_stats.ess(draws, method="tail", prob=(0.05, 0.95)),
        "mean": draws.mean(),
        "mcse_mean": scale * array_stats.mcse(draws / scale, method="mean"),
        "ess_mean": array_stats.ess(draws / scale, method="mean"),
        "sd": draws.std(ddof=1),
        "mcse_sd": scale * array_stats.mcse(draws / scale, method="sd"),
    }
    for probability in PROBABILITIES:
        results[f"quantile_{probability}"] = np.quantile(draws, probability)
        results[f"mcse_quantile_{probability}"] = array_stats.mcse(draws, method="quantile", prob=probability)
    if superchains:
        members = np.repeat(np.arange(superchains), len(draws) // superchains)
        results["nested_raw"] = nested_rhat_of_posterior(draws / scale, superchains)
        results["nested_ranked"] = array_stats.rhat_nested(draws, members, method="rank")
    if len(draws) > 1 and results["rhat"] != array_stats.rhat(draws):
        sys.exit("R-hat is put together otherwise than ArviZ's own")
    results["e_bfmi"] = array_stats.bfmi(draws / scale)
    return results


# ---- the file ----


def lines():
    """The file's, but for the comment that begins it."""
    for name, (draws, superchains) in make_draws().items():
        yield f"chains {name.replace(' ', '_')} {draws.shape[0]} {draws.shape[1]} {superchains}"
        for row in draws:
            yield " ".join(f"{x:.6g}" for x in row)
        for key, values in measure(draws, superchains).items():
            yield f"{key} " + " ".join(f"{x:.17g}" for x in np.ravel(values))


def number(word):
    try:
        return float(word)
    except ValueError:
        return None


def check():
    """The largest difference of a number, by its size."""
    old, new = FILE.read_text().splitlines()[1:], list(lines())
    if len(old) != len(new):
        sys.exit(f"{FILE.name}: has {len(old)} lines, diagnostics.py makes {len(new)}")
    worst = 0.0
    for of_file, made in zip(old, new):
        for was, now in zip(of_file.split(), made.split()):
            if number(was) is None or number(now) is None:
                error = 0.0 if was == now else np.inf
            else:
                error = abs(number(now) - number(was)) / (abs(number(was)) or 1)
            if not error <= TOLERANCE:
                sys.exit(f"{FILE.name}: has '{was}' in the line of '{of_file.split()[0]}', diagnostics.py makes '{now}'")
            worst = max(worst, error)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    if parser.parse_args().check:
        print(f"{FILE.name}: worst difference {check():.2g}, allowed {TOLERANCE:g}")
    else:
        FILE.write_text("# made by diagnostics.py: draws, and what ArviZ computes of them\n" + "\n".join(lines()) + "\n")


main()
