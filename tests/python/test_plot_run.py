"""plot_run.py draws a run."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PYTHON, lebm, need, small_generator, small_prior, np

need("matplotlib")


class PlotRun(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        sampler = lebm.Sampler(steps=3)
        lebm.Trainer(small_prior(), small_generator(), sampler, sampler).save_model(self.folder / "model.safetensors")

    def write_metrics(self, rows: int) -> None:
        keys = "reconstruction_mse log_likelihood f_positive f_negative f_gap prior_grad_norm generator_grad_norm"
        header = ",".join(["step", "epoch", *keys.split(), "images_per_second"])
        numbers = np.random.default_rng(0).uniform(0.1, 1, (rows, 10))
        numbers[:, 0] = range(1, rows + 1)
        np.savetxt(self.folder / "metrics.csv", numbers, "%.9g", ",", header=header, comments="")

    def plot(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, PYTHON / "plot_run.py", self.folder, "--chains", "50", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def test_it_draws(self) -> None:
        for rows in (1, 250):
            with self.subTest(rows=rows):
                self.write_metrics(rows)
                done = self.plot()
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                picture = Path(done.stdout.strip())
                self.assertEqual(picture, self.folder / "run.png")
                self.assertEqual(picture.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_given_images_and_another_file(self) -> None:
        self.write_metrics(3)
        images = self.folder / "images"
        images.write_bytes(bytes([0, 0, 8, 3]) + np.array([60, 4, 3], ">i4").tobytes() + bytes(60 * 12))
        done = self.plot("--images", images, "--out", self.folder / "other.png")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.folder / "other.png").exists())

    def test_without_matplotlib_it_says_so(self) -> None:
        program = "import sys; sys.modules['matplotlib'] = None; sys.path.insert(0, sys.argv[1]); import plot_run"
        done = subprocess.run([sys.executable, "-c", program, PYTHON], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs matplotlib", done.stderr)


if __name__ == "__main__":
    unittest.main()
