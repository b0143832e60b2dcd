"""lebm.plot draws grids and curves, lebm.progress keeps and shows the metrics, each with and without what it may lack."""

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest
import unittest.mock

from support import lebm, np, small_generator, small_prior

matplotlib_folder = tempfile.TemporaryDirectory()
os.environ["MPLCONFIGDIR"] = matplotlib_folder.name
os.environ["MPLBACKEND"] = "Agg"


def small_trainer() -> lebm.Trainer:
    sampler = lebm.Sampler(steps=3)
    return lebm.Trainer(small_prior(), small_generator(), sampler, sampler)


class Progress(unittest.TestCase):
    def train(self) -> tuple[lebm.progress.Watch, str]:
        """Two rounds of a training, and what they show."""
        trainer, shown = small_trainer(), io.StringIO()
        watch = lebm.progress.Watch(trainer)
        x = np.random.default_rng(0).uniform(-1, 1, (6, 3, 2, 2))
        with contextlib.redirect_stderr(shown):
            for _ in range(2):
                for batch in watch([[0, 1], [2, 3], [4, 5]]):
                    trainer.step(x[batch])
        self.assertEqual(trainer.steps_done, 6)
        self.last = trainer.metric("reconstruction_mse"), trainer.metric("f_gap")
        return watch, shown.getvalue()

    def check(self, watch: lebm.progress.Watch) -> None:
        self.assertEqual(watch.metrics["step"], [1, 2, 3, 4, 5, 6])
        self.assertEqual({len(values) for values in watch.metrics.values()}, {6})
        self.assertEqual((watch.metrics["reconstruction_mse"][-1], watch.metrics["f_gap"][-1]), self.last)

    def test_without_tqdm_it_prints_a_line(self) -> None:
        with unittest.mock.patch.dict(sys.modules, {"tqdm.auto": None}):
            watch, shown = self.train()
        self.check(watch)
        last = f"step 6: reconstruction_mse {self.last[0]:.4g}, f_gap {self.last[1]:.4g}\n"
        self.assertRegex(shown, rf"^step 3: .*\n{re.escape(last)}$")

    def test_with_tqdm_it_shows_a_bar(self) -> None:
        try:
            import tqdm  # noqa: F401
        except ImportError:
            self.skipTest("tqdm is not installed")
        watch, shown = self.train()
        self.check(watch)
        self.assertEqual(shown.count("3/3"), 2, shown)
        self.assertIn(f"reconstruction_mse={self.last[0]:.4g}, f_gap={self.last[1]:.4g}", shown)

    def test_what_a_loop_raises_ends_it(self) -> None:
        watch = lebm.progress.Watch(small_trainer())
        with self.assertRaises(lebm.ShapeError), contextlib.redirect_stderr(io.StringIO()):
            for _ in watch([1, 2]):
                raise lebm.ShapeError
        self.assertEqual(watch.metrics["step"], [])


class Without(unittest.TestCase):
    def test_matplotlib(self) -> None:
        with unittest.mock.patch.dict(sys.modules, {"matplotlib": None}):
            for draw in (lambda: lebm.plot.grid(np.zeros((2, 4, 4))), lambda: lebm.plot.curves({"f_positive": [1]})):
                with self.assertRaisesRegex(ImportError, "lebm.plot takes matplotlib: pip install matplotlib"):
                    draw()


class Plots(unittest.TestCase):
    def setUp(self) -> None:
        try:
            from matplotlib import pyplot
        except ImportError:
            self.skipTest("matplotlib is not installed")
        self.addCleanup(pyplot.close, "all")

    def drawn(self, images: np.ndarray, *options: int) -> np.ndarray:
        return np.asarray(lebm.plot.grid(images, *options).images[0].get_array())

    def test_grid(self) -> None:
        x = np.random.default_rng(0).uniform(-1, 1, (5, 3, 4, 6)).astype(np.float32)
        x[0, 0, 0, 0], x[0, 0, 0, 1] = np.nan, 7
        sheet = self.drawn(x)  # three columns, two rows, and lines between
        self.assertEqual(sheet.shape, (2 * 5 - 1, 3 * 7 - 1, 3))
        np.testing.assert_allclose(sheet[5:9, 7:13], x[4].transpose(1, 2, 0) / 2 + 0.5, atol=1e-6)
        np.testing.assert_array_equal(sheet[0, :2, 0], [0.5, 1])
        np.testing.assert_array_equal(sheet[4], 1)
        np.testing.assert_array_equal(sheet[5:, 14:], 1)
        self.assertEqual(self.drawn(x[:, :1], 5).shape, (4, 5 * 7 - 1, 3))
        np.testing.assert_array_equal(self.drawn(x[:, 0], 5), self.drawn(x[:, :1], 5))

    def test_grid_of_what_is_no_image(self) -> None:
        for shape in ((3, 16), (3, 2, 4, 4), (0, 4, 4)):
            with self.assertRaisesRegex(ValueError, "allowed is"):
                lebm.plot.grid(np.zeros(shape))

    def test_curves(self) -> None:
        metrics = {"step": [3, 4, 5], "f_positive": [1, 2, 3], "f_negative": [0, 1, 0], "reconstruction_nll": [2, 1, 1]}
        axes = lebm.plot.curves(metrics)
        self.assertEqual([axis.get_title() for axis in axes], ["nats per token", "mean of f"])
        lines = {line.get_label(): line for line in axes[1].lines}
        self.assertEqual(set(lines), {"f_positive", "f_negative"})
        np.testing.assert_array_equal(lines["f_positive"].get_data(), [[3, 4, 5], [1, 2, 3]])
        with self.assertRaisesRegex(ValueError, "there is nothing to draw: no reconstruction_mse"):
            lebm.plot.curves({"loss": [1]})


if __name__ == "__main__":
    unittest.main()
