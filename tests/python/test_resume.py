"""Training goes on from a checkpoint, and says so if that changes an option that the program had set."""

import pathlib
import tempfile
import unittest
import warnings
from collections.abc import Callable
from typing import Any

from support import DATA, lebm, np, small_generator, small_prior

X = np.random.default_rng(0).uniform(-1, 1, (20, DATA)).astype(np.float32)


class Resume(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "checkpoint.safetensors"
        self.made: list[Any] = []

    def make(self, steps: int = 3, **options: lebm.Value) -> lebm.Trainer:
        prior, generator = small_prior(), small_generator()
        samplers = lebm.Sampler(steps=steps, step_size=0.05), lebm.Sampler(steps=5, step_size=0.01)
        self.made = [prior, generator, *samplers]
        return lebm.Trainer(prior, generator, *samplers, **options)

    def warnings_of(self, call: Callable[[], object]) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        for warning in caught:
            self.assertIs(warning.category, UserWarning)
            self.assertEqual(warning.filename, __file__)  # it points to the line that called load()
        return [str(warning.message) for warning in caught]

    def save(self, **options: lebm.Value) -> None:
        trainer = self.make(**options)
        trainer.step(X)
        trainer.end_epoch()
        trainer.save(self.path)

    def test_to_the_same_bits(self) -> None:
        options = {"generator_learning_rate": 0.01, "decay_per_epoch": 0.5}
        self.save(**options)
        whole = self.make(**options)
        whole.step(X)
        whole.end_epoch()
        whole.step(X)
        expected = [array.tobytes() for model in self.made[:2] for array in model.net.params.values()]
        resumed = self.make(**options)
        self.assertEqual(self.warnings_of(lambda: resumed.load(self.path)), [])
        self.assertEqual((resumed.steps_done, resumed.epochs_done), (1, 1))
        resumed.step(X)
        self.assertEqual([array.tobytes() for model in self.made[:2] for array in model.net.params.values()], expected)

    def test_options_that_were_set_and_change_are_named(self) -> None:
        self.save(prior_learning_rate=0.01, note="saved", threads=2)
        trainer = self.make(steps=4, prior_learning_rate=0.02, generator_learning_rate=1e-4, threads=1)
        trainer.options["note"] = "mine"
        (text,) = self.warnings_of(lambda: trainer.load(self.path))
        changed = "prior_learning_rate of trainer is 0.01, was 0.02; note of trainer is 'saved', was 'mine'; "
        self.assertIn(f": {changed}steps of to_prior is 3, was 4. Set after load() what is to differ.", text)
        self.assertEqual((trainer.options["prior_learning_rate"], trainer.options["threads"]), (0.01, 1))
        trainer.options["prior_learning_rate"] = 0.03
        trainer.step(X)
        self.assertEqual(trainer.options["prior_learning_rate"], 0.03)

    def test_options_that_were_not_set_change_in_silence(self) -> None:
        self.save(prior_learning_rate=0.01)
        trainer = self.make()
        self.assertEqual(self.warnings_of(lambda: trainer.load(self.path)), [])
        self.assertEqual(trainer.options["prior_learning_rate"], 0.01)
        self.save(prior_learning_rate=0.02)  # what the first file said was not set by the program
        self.assertEqual(self.warnings_of(lambda: trainer.load(self.path)), [])

    def test_after_a_load_the_saved_options_are_nobodys_choice(self) -> None:
        self.save(prior_learning_rate=0.01)
        trainer = self.make(prior_learning_rate=0.02)
        self.assertEqual(len(self.warnings_of(lambda: trainer.load(self.path))), 1)
        self.save(prior_learning_rate=0.03)
        self.assertEqual(self.warnings_of(lambda: trainer.load(self.path)), [])

    def test_a_load_that_fails_changes_nothing(self) -> None:
        trainer = self.make(prior_learning_rate=0.02)
        with self.assertRaises(lebm.FileError):
            trainer.load(self.path)
        self.save()
        self.assertEqual(len(self.warnings_of(lambda: trainer.load(self.path))), 1)

    def test_a_sampler_that_was_closed(self) -> None:
        self.save()
        trainer = self.make(steps=4)
        self.made[2].close()
        self.assertEqual(self.warnings_of(lambda: trainer.load(self.path)), [])
        trainer.close()
        with self.assertRaisesRegex(lebm.StateError, "this Trainer is closed"):
            trainer.load(self.path)


if __name__ == "__main__":
    unittest.main()
