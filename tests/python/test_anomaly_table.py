"""anomaly_table.py puts the epochs of several trainings together."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from support import PYTHON

HEADER = "held_out,anomaly,seed,epoch,split,score,images,prevalence,auroc,auprc\n"


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, PYTHON / "anomaly_table.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


class AnomalyTable(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name: str, rows: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(HEADER + rows)
        return path

    def test_means_and_deviations(self) -> None:
        first = self.write("1.csv", "4,4,1,9,80-20,joint,100,.1,.5,.2\n4,4,1,10,80-20,joint,100,.1,.7,.4\n")
        second = self.write("2.csv", "4,4,2,9,80-20,joint,100,.1,.8,.6\n4,4,2,10,80-20,joint,100,.1,.8,.6\n")
        done = run(first, second)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = done.stdout.splitlines()[2:]
        # The epochs deviate by .02 ** .5 in one of two trainings, whose means are .6 and .8, and .3 and .6.
        self.assertEqual(rows, ["| 4 | 80-20 | joint | 0.100 | 0.700 ± 0.100 ± 0.141 | 0.450 ± 0.100 ± 0.212 | 2 |"])

    def test_one_training_given_twice_counts_once(self) -> None:
        path = self.write("1.csv", "4,4,1,9,pooled,prior,100,.1,.5,.2\n")
        self.assertEqual(run(path, path).stdout, run(path).stdout)
        self.assertTrue(run(path).stdout.endswith("| 1 |\n"))

    def test_digits_splits_scores_and_validations_have_rows_of_their_own(self) -> None:
        rows = ["1,1,1,9,80-20,joint", "4,4,1,9,80-20,joint", "4,7,1,9,80-20,joint", "4,4,1,9,pooled,joint"]
        path = self.write("1.csv", "".join(f"{row},100,.1,.5,.2\n" for row in rows))
        digits = [line.split(" | ")[0] for line in run(path).stdout.splitlines()[2:]]
        self.assertEqual(digits, ["| 1", "| 4", "| 4", "| 7 for 4"])

    def test_images_of_one_kind_have_no_row(self) -> None:
        figures = "4,4,1,9,pooled,joint,100,.1,.5,.2\n"
        path = self.write("1.csv", figures + "4,4,2,9,pooled,joint,1,0,,\n4,4,2,9,80-20,joint,1,1,,1\n")
        self.assertEqual(run(path).stdout, run(self.write("2.csv", figures)).stdout)

    def test_it_says_what_is_wrong(self) -> None:
        other = self.folder / "other.csv"
        other.write_text("step,epoch\n1,1\n")
        for path, text in (self.folder / "missing.csv", "missing.csv"), (other, "no results of anomaly_mnist"):
            done = run(path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
