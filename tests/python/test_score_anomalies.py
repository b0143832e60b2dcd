"""score_anomalies.py learns digits without one of them, and prints how well each score tells that one."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from support import PYTHON, np

import score_anomalies  # in the same folder as lebm

PROGRAM = PYTHON / "score_anomalies.py"


def write_digits(folder: pathlib.Path, name: str, n: int) -> None:
    """Bright images of kind 1, and dark ones of kinds 2 and 3."""
    rng = np.random.default_rng(n)
    labels = rng.integers(1, 4, n).astype(np.uint8)
    pixels = rng.integers(0, 30, (n, 28, 28)) + np.where(labels == 1, 200, 0)[:, None, None]
    (folder / f"{name}-images-idx3-ubyte").write_bytes(bytes(16) + pixels.astype(np.uint8).tobytes())
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(bytes(8) + labels.tobytes())


class ScoreAnomalies(unittest.TestCase):
    def run_on(self, folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, PROGRAM, folder, "--steps", "60", "--chains", "2", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def test_it_tells_what_is_altogether_different(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_digits(pathlib.Path(folder), "train", 300)
            write_digits(pathlib.Path(folder), "t10k", 60)
            done = self.run_on(pathlib.Path(folder))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        table = re.findall(r"^(log p.*|lower rank.*?)  +([01]\.\d\d)  +([01]\.\d\d)$", done.stdout, re.M)
        self.assertEqual(len(table), 4, done.stdout)
        self.assertEqual(table[0][1:], ("1.00", "1.00"), done.stdout)  # the sum
        self.assertEqual(table[1][1:], ("1.00", "1.00"), done.stdout)  # the likelihood

    def test_ranks(self) -> None:
        odd = np.array([False, True, False, True, False])
        ranks = score_anomalies.ranks(np.array([1.0, 0.0, 2.0, 2.0, 3.0]), odd)
        np.testing.assert_allclose(ranks, [1 / 6, 0, 1 / 2, 1 / 2, 5 / 6])

    def test_a_digit_that_is_not_there_ends_in_one_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_digits(pathlib.Path(folder), "train", 30)
            write_digits(pathlib.Path(folder), "t10k", 30)
            done = self.run_on(pathlib.Path(folder), "--odd", "12")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^score_anomalies.py: --odd 12 is no digit of these files.*\n$")

    def test_a_missing_folder_ends_in_one_line(self) -> None:
        done = self.run_on(pathlib.Path("missing"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^score_anomalies.py: .*No such file.*missing/train-labels-idx1-ubyte.gz'\n$")


if __name__ == "__main__":
    unittest.main()
