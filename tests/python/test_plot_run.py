"""plot_run.py draws a run."""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PYTHON, lebm, need, small_generator, small_prior, np

# Without a folder that it may write to, and where it first has to look for fonts, matplotlib says so on stderr.
matplotlib_folder = tempfile.TemporaryDirectory()
os.environ["MPLCONFIGDIR"] = matplotlib_folder.name

need("matplotlib")

import plot_run  # noqa: E402 # matplotlib is there


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

    def test_a_folder_of_any_name(self) -> None:
        self.write_metrics(3)
        self.folder = self.folder.rename(self.folder.parent / os.fsdecode(os.fsencode(self.folder.name) + b"\xff"))
        self.addCleanup(shutil.rmtree, self.folder)
        command = [sys.executable, PYTHON / "plot_run.py", self.folder, "--chains", "5"]
        env = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as in the locales of most users
        done = subprocess.run(command, env=env, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(os.path.exists(done.stdout.rstrip(b"\n")))

    def test_given_images_and_another_file(self) -> None:
        self.write_metrics(3)
        images, compressed = self.folder / "images", self.folder / "compressed.gz"
        images.write_bytes(bytes([0, 0, 8, 3]) + np.array([60, 1, 12], ">i4").tobytes() + bytes(60 * 12))
        compressed.write_bytes(gzip.compress(images.read_bytes()))
        done = self.plot("--images", images, "--out", self.folder / "other.png")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.folder / "other.png").exists())
        for path in (images, compressed, compressed.with_suffix("")):
            np.testing.assert_array_equal(lebm.images.load(path), np.full((60, 1, 1, 12), -1))

    def test_the_legend_hides_no_bar(self) -> None:
        rng = np.random.default_rng(0)
        for place in (0, 20):  # the tallest bar on the left, and below the legend
            figure, axis = plot_run.pyplot.subplots(figsize=(6, 4))
            values = {name: rng.normal(mean, 1, 500) for name, mean in (("noise of p0", place), ("prior samples", 10))}
            plot_run.draw_histogram(axis, {**values, "posterior samples of given images": rng.normal(10, 2, 500)})
            figure.canvas.draw()
            legend = axis.transData.inverted().transform(axis.get_legend().get_window_extent())[0, 1]
            highest = max(bar.get_height() for bar in axis.patches)
            self.assertLess(highest, legend, f"the legend begins at {legend:.3f}, the bars end at {highest:.3f}")

    def test_the_logarithmic_axes_have_labels(self) -> None:
        for least, most in ((0.05, 0.7), (0.03, 0.045), (0.11, 0.9), (1e-4, 1e3)):
            self.write_metrics(50)
            path = self.folder / "metrics.csv"
            rows = np.loadtxt(path, delimiter=",", skiprows=1)
            rows[:, 2] = np.geomspace(least, most, 50)
            np.savetxt(path, rows, "%.9g", ",", header=path.read_text().splitlines()[0], comments="")
            figure, axes = plot_run.pyplot.subplots(1, 3)
            lebm.plot.curves(path, axes)
            figure.canvas.draw()
            low, high = axes[0].get_ylim()
            ticks = [tick for which in ("major", "minor") for tick in axes[0].yaxis.get_ticklabels(which=which)]
            shown = [tick.get_text() for tick in ticks if tick.get_text() and low <= tick.get_position()[1] <= high]
            self.assertGreaterEqual(len(shown), 2, f"from {least} to {most} there are only {shown}")

    def test_what_is_missing_or_does_not_fit_ends_in_one_line(self) -> None:
        images = self.folder / "images"
        images.write_bytes(bytes([0, 0, 8, 3]) + np.array([60, 2, 2, 3], ">i4").tobytes()[:12] + bytes(60 * 12))
        for arguments, text in (([], "metrics.csv"), (["--images", "nowhere"], "nowhere"), (["--images", images], "")):
            done = self.plot(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, f"^plot_run.py: .*{text}.*\n$")

    def test_it_needs_nothing_else_than_lebm(self) -> None:
        self.write_metrics(3)
        shutil.copy(PYTHON / "plot_run.py", self.folder)
        shutil.copytree(PYTHON / "lebm", self.folder / "lebm")
        command = [sys.executable, self.folder / "plot_run.py", self.folder]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_without_matplotlib_it_says_so(self) -> None:
        program = "import sys; sys.modules['matplotlib'] = None; sys.path.insert(0, sys.argv.pop(1)); import plot_run"
        command = [sys.executable, "-c", f"{program}; plot_run.main()", PYTHON]
        done = subprocess.run([*command, self.folder], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^plot_run.py needs matplotlib.*\n$")
        done = subprocess.run([*command, "--help"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--images", done.stdout)


if __name__ == "__main__":
    unittest.main()
