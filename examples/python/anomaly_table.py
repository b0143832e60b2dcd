"""Puts the results of anomaly_mnist together: means over the last epochs of several trainings, of other seeds and digits.

Prints a table in Markdown, a row for each digit, split and score. The first deviation is that over the epochs of a training
(the root of the mean of the variances), the second one that of the trainings' means.
"""

from __future__ import annotations

import argparse
import collections
import csv
import pathlib
import statistics

MEASURES = ("auroc", "auprc")

# By row of the table, then by training, the figures of its epochs.
Table = dict[tuple[str, ...], dict[tuple[str, ...], list[dict[str, str]]]]


def read(paths: list[pathlib.Path]) -> Table:
    """The figures of all files, but for those that are not defined; a training that is in two of them counts once."""
    table: Table = collections.defaultdict(lambda: collections.defaultdict(list))
    seen = set()
    for path in paths:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                key = (row["held_out"], row["anomaly"], row["split"], row["score"])
                if all(row[measure] for measure in MEASURES) and (key, row["seed"], row["epoch"]) not in seen:
                    table[key][row["seed"],].append(row)
                    seen.add((key, row["seed"], row["epoch"]))
    return table


def deviation(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def describe(trainings: list[list[float]]) -> str:
    """The mean of a measure, and its deviations over the epochs and over the trainings."""
    means = [statistics.fmean(epochs) for epochs in trainings]
    within = statistics.fmean(deviation(epochs) ** 2 for epochs in trainings) ** 0.5
    return f"{statistics.fmean(means):.3f} ± {within:.3f} ± {deviation(means):.3f}"


def print_table(table: Table) -> None:
    print("| digit | split | score | prevalence | AUROC | AUPRC | seeds |\n| --- | --- | --- | --- | --- | --- | --- |")
    for (held_out, anomaly, split, score), trainings in sorted(table.items(), key=lambda item: item[0][:3]):
        digit = held_out if anomaly == held_out else f"{anomaly} for {held_out}"
        prevalence = statistics.fmean(float(row["prevalence"]) for rows in trainings.values() for row in rows)
        values = [describe([[float(row[key]) for row in rows] for rows in trainings.values()]) for key in MEASURES]
        print(f"| {digit} | {split} | {score} | {prevalence:.3f} | {' | '.join(values)} | {len(trainings)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, nargs="+", help="files results.csv of anomaly_mnist")
    paths = parser.parse_args().results
    try:
        print_table(read(paths))
    except (OSError, KeyError, ValueError) as error:
        parser.exit(1, f"anomaly_table.py: {error if isinstance(error, OSError) else 'no results of anomaly_mnist'}\n")
