#!/usr/bin/env python3
"""Times the diagnostics of chains, the library's and ArviZ's, on the same draws, and prints a table in Markdown.

    LEBM_LIBRARY=build/lib/liblatentebm.so.0 python3 tests/bench/diagnostics.py       # 1,000 chains x 1,000 draws x 16
    LEBM_LIBRARY=... python3 tests/bench/diagnostics.py --chains 4 --draws 10000 --dims 100 --rounds 5

Draws are autoregressive (rho 0.9), in double precision, and stored as [chains, draws, dims]. A figure is the shortest of
all rounds, which take the library and ArviZ in turn: the time that passes, and in brackets the processors' time, which
other programs that run disturb less. ArviZ has one thread; its functions are those of arviz_stats.base.array_stats, which
take arrays as the library does. Needs NumPy and ArviZ 1.3.
"""
import argparse
import pathlib
import sys
import time

import arviz_stats
import numpy as np
from arviz_stats.base import array_stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"))
import lebm  # noqa: E402

AXES = {"chain_axis": 0, "draw_axis": 1}


def make_draws(chains, length, dims, rho=0.9):
    draws = np.random.default_rng(1).normal(size=(chains, length, dims))
    for t in range(1, length):
        draws[:, t] = rho * draws[:, t - 1] + np.sqrt(1 - rho**2) * draws[:, t]
    return draws


def arviz_convergence(draws):
    rhat = array_stats.rhat(draws, **AXES)
    bulk = array_stats.ess(draws, method="bulk", **AXES)
    return rhat, bulk, array_stats.ess(draws, method="tail", prob=(0.05, 0.95), **AXES)


def arviz_errors(draws):
    mean, sd = (array_stats.mcse(draws, method=method, **AXES) for method in ("mean", "sd"))
    return mean, sd, array_stats.mcse(draws, method="quantile", prob=0.5, **AXES)


def lebm_errors(draws, threads):
    mean, sd = lebm.mean_error(draws, threads), lebm.sd_error(draws, threads)
    return mean.mcse, sd.mcse, lebm.quantile_error(draws, 0.5, threads).mcse


def arviz_nested(draws, superchains):
    names = np.repeat(np.arange(superchains), len(draws) // superchains)
    return (array_stats.rhat_nested(draws, names, method="rank", **AXES),)


def parts(draws, superchains):
    """What is timed: its name, what the library does on so many threads, and what ArviZ does; both give the same."""
    return [
        ("R-hat, bulk and tail ESS", lambda n: lebm.convergence(draws, n), lambda: arviz_convergence(draws)),
        ("errors of mean, sd and median", lambda n: lebm_errors(draws, n), lambda: arviz_errors(draws)),
        (
            "nested R-hat",
            lambda n: (lebm.nested_rhat(draws, superchains, n).ranked,),
            lambda: arviz_nested(draws, superchains),
        ),
    ]


def timed(function, *arguments):
    passed, used = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return time.perf_counter() - passed, time.process_time() - used, result


def shortest(times):
    return min(passed for passed, *_ in times), min(used for _, used, *_ in times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000, help="of each chain")
    parser.add_argument("--dims", type=int, default=16)
    parser.add_argument("--superchains", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0, help="0: all processors")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    draws = make_draws(arguments.chains, arguments.draws, arguments.dims)
    print(f"{lebm.build_info()}; ArviZ {arviz_stats.__version__}; draws {draws.shape}\n")
    print("| | 1 thread, s | all threads, s | ArviZ, s | ArviZ's over 1 thread's |\n| --- | ---: | ---: | ---: | ---: |")
    for name, ours, theirs in parts(draws, arguments.superchains):
        single, several, arviz = [], [], []
        for _ in range(arguments.rounds):
            single.append(timed(ours, 1))
            several.append(timed(ours, arguments.threads))
            arviz.append(timed(theirs))
        np.testing.assert_allclose(single[0][2], arviz[0][2], rtol=1e-8)
        np.testing.assert_array_equal(single[0][2], several[0][2])
        times = [shortest(rows) for rows in (single, several, arviz)]
        columns = " | ".join(f"{passed:.2f} ({used:.2f})" for passed, used in times)
        print(f"| {name} | {columns} | {times[2][0] / times[0][0]:.1f} ({times[2][1] / times[0][1]:.1f}) |", flush=True)


if __name__ == "__main__":
    main()
