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

    def test_kept_chains_and_averages_go_on(self) -> None:
        options: dict[str, lebm.Value] = {"posterior_chains": "kept", "prior_chains": "kept", "observations": 30}
        options["average_decay"] = 0.9
        whole = self.make(**options)
        for first in range(0, 12, 2):
            if first == 6:
                whole.save(self.path)
            whole.step(X, ids=np.arange(first, first + 20))
        expected = [array.tobytes() for model in whole.average() for array in model.net.params.values()]
        resumed = self.make()
        resumed.load(self.path)
        for first in range(6, 12, 2):
            resumed.step(X, range(first, first + 20))
        averages = [array.tobytes() for model in resumed.average() for array in model.net.params.values()]
        self.assertEqual(averages, expected)
        own = [array.tobytes() for model in self.made[:2] for array in model.net.params.values()]
        self.assertNotEqual(own, expected)

    def test_a_learned_sigma_goes_on(self) -> None:
        whole = self.make(sigma_learning_rate=0.1)
        whole.step(X)
        whole.save(self.path)
        whole.step(X)
        generator, to_posterior = self.made[1], self.made[3]
        expected = generator.sigma, to_posterior.options["step_size"]
        self.assertNotEqual(expected[0], small_generator().sigma)
        self.assertAlmostEqual(expected[1] / 0.01, (expected[0] / small_generator().sigma) ** 2)
        resumed = self.make(sigma_learning_rate=0.1)
        self.assertEqual(self.warnings_of(lambda: resumed.load(self.path)), [])
        resumed.step(X)
        self.assertEqual((self.made[1].sigma, self.made[3].options["step_size"]), expected)

    def test_ids_are_checked(self) -> None:
        trainer = self.make(posterior_chains="kept", observations=20)
        with self.assertRaisesRegex(lebm.StateError, "which observations the rows of x are"):
            trainer.step(X)
        with self.assertRaisesRegex(lebm.RangeError, r"ids\[19\] is 20; allowed are 0 to 19"):
            trainer.step(X, np.arange(1, 21))
        with self.assertRaisesRegex(lebm.RangeError, r"ids\[1\] is 3, as ids\[0\] is"):
            trainer.step(X, [3] * 20)
        for ids in [0], np.arange(40).reshape(20, 2):
            with self.assertRaisesRegex(lebm.ShapeError, r"allowed is \(20,\)"):
                trainer.step(X, ids)
        for wrong in np.arange(20.0), ["1"] * 20, np.full(20, 2**63, np.uint64):
            with self.assertRaisesRegex(lebm.InvalidError, "ids must be whole numbers"):
                trainer.step(X, wrong)
        self.assertEqual(trainer.steps_done, 0)
        for kind in np.int8, np.uint64, np.int32:
            trainer.step(X, np.arange(20, dtype=kind)[::-1])
        with self.assertRaisesRegex(lebm.StateError, "average_decay"):
            trainer.average()

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
