"""Callbacks, and signals during long calls."""

import gc
import signal
import unittest
import weakref

from support import DATA, LATENT, lebm, signal_soon, small_generator, small_prior, np

FOREVER = 10**9


class Oops(Exception):
    pass


class Callbacks(unittest.TestCase):
    def setUp(self) -> None:
        self.prior, self.sampler = small_prior(), lebm.Sampler(steps=3)

    def test_it_is_told_how_far_the_call_is(self) -> None:
        seen = []
        self.sampler.progress = seen.append  # returns None, which is to go on
        self.sampler.run_prior(self.prior, 2)
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(seen[-1], 1)
        self.sampler.progress = None
        self.sampler.run_prior(self.prior, 2)
        self.assertEqual(seen.count(1), 1)

    def test_it_can_stop_the_call(self) -> None:
        before, z = dict(self.sampler.options), np.zeros((2, LATENT), np.float32)
        self.sampler.progress = lambda done: "yes"
        with self.assertRaisesRegex(lebm.Stopped, "callback") as caught:
            self.sampler.run_prior(self.prior, 2, z)
        self.assertEqual(caught.exception.status, 1)
        self.assertFalse(z.any())
        self.assertEqual(dict(self.sampler.options), before)

    def test_what_it_raises_comes_out(self) -> None:
        cause = KeyError("cause")

        def fail(done: float) -> None:
            raise Oops("told") from cause

        self.sampler.progress = fail
        for _ in range(2):
            with self.assertRaises(Oops) as caught:
                self.sampler.run_prior(self.prior, 2)
            self.assertIs(caught.exception.__cause__, cause)
            self.assertEqual(caught.exception.args, ("told",))
        trainer = lebm.Trainer(self.prior, small_generator(), self.sampler, self.sampler)
        trainer.progress = fail
        with self.assertRaises(Oops):
            trainer.step(np.zeros((2, DATA)))
        self.assertEqual(trainer.steps_done, 0)
        trainer.progress = None
        trainer.step(np.zeros((2, DATA)))  # the sampler's own callback is not the trainer's
        self.assertEqual(trainer.steps_done, 1)

    def test_an_answer_that_is_no_truth_value(self) -> None:
        self.sampler.progress = lambda done: np.zeros(2)
        with self.assertRaises(ValueError):
            self.sampler.run_prior(self.prior, 2)

    def test_it_must_be_callable(self) -> None:
        self.sampler.progress = callback = print
        with self.assertRaisesRegex(TypeError, "progress must be something to call, or None, not int"):
            self.sampler.progress = 3
        self.assertIs(self.sampler.progress, callback)

    def test_it_must_not_use_what_is_running(self) -> None:
        self.sampler.progress = lambda done: self.sampler.run_prior(self.prior, 2)
        with self.assertRaisesRegex(lebm.StateError, "^sampler is running"):
            self.sampler.run_prior(self.prior, 2)

    def test_it_may_use_and_close_handles(self) -> None:
        other = lebm.Sampler(steps=2)

        def use(done: float) -> None:
            other.run_prior(self.prior, 2)
            self.sampler.close()  # in use, so it goes when the run has ended

        self.sampler.progress = use
        self.assertEqual(self.sampler.run_prior(self.prior, 2).shape, (2, LATENT))
        self.assertEqual(other.options["stream"], 1)
        with self.assertRaises(lebm.StateError):
            self.sampler.run_prior(self.prior, 2)

    def test_a_failure_keeps_nothing_alive(self) -> None:
        class Canary:
            pass

        def fail_with_a_canary() -> weakref.ref:
            canary = Canary()
            self.sampler.progress = lambda done: canary.missing
            try:
                self.sampler.run_prior(self.prior, 2)
            except AttributeError:
                self.sampler.progress = None
            return weakref.ref(canary)

        gc.disable()
        try:
            self.assertIsNone(fail_with_a_canary()())
        finally:
            gc.enable()


class Signals(unittest.TestCase):
    def setUp(self) -> None:
        self.prior, self.generator, self.sampler = small_prior(), small_generator(), lebm.Sampler(steps=FOREVER)

    def test_ctrl_c_without_a_callback(self) -> None:
        x = np.zeros((2, DATA))
        trainer = lebm.Trainer(self.prior, self.generator, self.sampler, self.sampler)
        calls = {
            "run_prior": lambda: self.sampler.run_prior(self.prior, 2),
            "run_posterior": lambda: self.sampler.run_posterior(self.prior, self.generator, x),
            "step": lambda: trainer.step(x),
        }
        for name, call in calls.items():
            for _ in range(3):
                with self.subTest(name), self.assertRaises(KeyboardInterrupt), signal_soon(signal.SIGINT):
                    call()
        self.assertEqual((trainer.steps_done, self.sampler.options["stream"]), (0, 0))
        self.sampler.options["steps"] = 2
        trainer.step(x)

    def test_ctrl_c_with_a_callback(self) -> None:
        calls = []
        self.sampler.progress = calls.append
        with self.assertRaises(KeyboardInterrupt), signal_soon(signal.SIGINT, lambda: calls):
            self.sampler.run_prior(self.prior, 2)

    def test_another_signal_whose_handler_raises(self) -> None:
        def handler(number: int, frame: object) -> None:
            raise Oops(number)

        before = signal.signal(signal.SIGTERM, handler)
        try:
            with self.assertRaises(Oops), signal_soon(signal.SIGTERM):
                self.sampler.run_prior(self.prior, 2)
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_a_handler_that_returns_does_not_stop_the_call(self) -> None:
        caught = []
        before = signal.signal(signal.SIGTERM, lambda number, frame: caught.append(number))
        self.sampler.progress = lambda done: bool(caught)
        try:
            with self.assertRaises(lebm.Stopped), signal_soon(signal.SIGTERM):
                self.sampler.run_prior(self.prior, 2)
        finally:
            signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    unittest.main()
