"""Writes ranking.txt: scores, which of them are anomalies', and the areas under the curves that scikit-learn computes.

    python3 ranking.py            # writes it into this folder
    python3 ranking.py --check    # fails unless it holds what scikit-learn computes here, to 1e-12

A case is a line of its number of scores, AUROC and average precision, and a line of the scores, those of anomalies with an a
behind. Most have ties; all are decimal numbers of few digits, so that they are the same doubles everywhere.
"""

import argparse
import sys
from pathlib import Path

try:
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

FILE = Path(__file__).with_name("ranking.txt")
TOLERANCE = 1e-12


def cases():
    random = np.random.RandomState(17)
    for n, prevalence, step in [(2, 0.5, 1), (40, 0.1, 0.1), (40, 0.4, 0.5), (60, 0.5, 3), (60, 0.3, 1e-3), (80, 0.05, 1)]:
        for shift in (0, 1, -1):
            odd = random.permutation(n) < max(1, round(prevalence * n))
            scores = step * np.round((random.normal(size=n) + shift * odd) / step)
            yield [float(f"{x:.6g}") + 0.0 for x in scores], odd


def numbers():
    for scores, odd in cases():
        yield scores, odd, roc_auc_score(odd, scores), average_precision_score(odd, scores)


def check():
    """The largest difference of an area."""
    lines = FILE.read_text().splitlines()[1:]
    worst = 0.0
    for head, (_, _, auroc, auprc) in zip(lines[::2], numbers(), strict=True):
        worst = max(worst, abs(float(head.split()[1]) - auroc), abs(float(head.split()[2]) - auprc))
    if not worst <= TOLERANCE:
        sys.exit(f"{FILE.name}: an area is off by {worst:.2g}, allowed {TOLERANCE:g}")
    return worst


def write():
    lines = ["# made by ranking.py: scores, and the areas under the curves that scikit-learn computes"]
    for scores, odd, auroc, auprc in numbers():
        lines.append(f"{len(scores)} {auroc:.17g} {auprc:.17g}")
        lines.append(" ".join(f"{x:.6g}{'a' if is_odd else ''}" for x, is_odd in zip(scores, odd)))
    FILE.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    if parser.parse_args().check:
        print(f"{FILE.name}: worst difference {check():.2g}, allowed {TOLERANCE:g}")
    else:
        write()


main()
