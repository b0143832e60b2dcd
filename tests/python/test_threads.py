"""One model serves several Python threads, and the library runs without the GIL."""

import contextlib
import ctypes
import signal
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import DATA, lebm, small_generator, small_prior, np


class Threads(unittest.TestCase):
    def test_two_threads_sample_one_model(self) -> None:
        prior, generator = small_prior(), small_generator()
        x = np.random.default_rng(0).uniform(-1, 1, (20, DATA)).astype(np.float32)
        together = threading.Barrier(2)

        def sample(seed: int, meet: bool = True) -> list[bytes]:
            sampler = lebm.Sampler(steps=20, step_size=0.005, seed=seed)
            runs = []
            for _ in range(20):
                if meet:
                    together.wait()
                runs.append(sampler.run_prior(prior, 20).tobytes())
                runs.append(sampler.run_posterior(prior, generator, x).tobytes())
            return runs

        with ThreadPoolExecutor(2) as pool:
            drawn = list(pool.map(sample, [1, 2]))
        self.assertEqual(drawn, [sample(1, meet=False), sample(2, meet=False)])
        self.assertNotEqual(*drawn)

    def test_one_sampler_makes_one_call_at_a_time(self) -> None:
        prior, sampler = small_prior(), lebm.Sampler(steps=10**9)
        running, stop = threading.Event(), threading.Event()

        def progress(done: float) -> bool:
            running.set()
            return stop.is_set()

        sampler.progress = progress
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(sampler.run_prior, prior, 1)
            running.wait()
            try:
                with self.assertRaisesRegex(lebm.StateError, "^sampler is running"):
                    sampler.run_prior(prior, 1)
            finally:
                stop.set()
            with self.assertRaises(lebm.Stopped):
                first.result()

    def test_threads_that_meet_at_one_sampler_take_turns(self) -> None:
        prior, sampler, together = small_prior(), lebm.Sampler(steps=1, threads=2), threading.Barrier(2)

        def run(_: int) -> int:
            refused = 0
            for _ in range(500):
                together.wait()
                try:
                    sampler.run_prior(prior, 3)
                except lebm.StateError:
                    refused += 1
            return refused

        with ThreadPoolExecutor(2) as pool:
            refused = sum(pool.map(run, range(2)))
        self.assertEqual(sampler.options["stream"], 1000 - refused)

    def test_errors_are_the_threads_own(self) -> None:
        together = threading.Barrier(2)

        def fail(key: str) -> set[str]:
            texts = set()
            for _ in range(500):
                together.wait()
                try:
                    lebm.Sampler(**{key: 1})
                except lebm.UnknownOptionError as error:
                    texts.add(str(error).split(";")[0])
            return texts

        with ThreadPoolExecutor(2) as pool:
            texts = list(pool.map(fail, ["a", "b"]))
        self.assertEqual(texts, [{"sampler has no option 'a'"}, {"sampler has no option 'b'"}])

    def test_python_goes_on_during_a_call(self) -> None:
        """Held during the call, the GIL would give this thread a turn or two in each progress call, and none between."""
        prior, sampler = small_prior(), lebm.Sampler(steps=10**9, threads=1)
        turns, before, most, calls = 0, 0, 0, 0

        def progress(done: float) -> bool:
            nonlocal before, most, calls
            most = max(most, turns - before if calls else 0)
            calls += 1
            before = turns
            return most > 5 or calls == 1000

        sampler.progress = progress
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(sampler.run_prior, prior, 1)
            while not running.done():
                time.sleep(0.001)
                turns += 1
            with self.assertRaises(lebm.Stopped):
                running.result()
        self.assertGreater(most, 5, f"turns between two of {calls} progress calls")


class Interrupts(unittest.TestCase):
    """Ctrl-C, at whatever moment."""

    def test_an_interrupted_call_leaves_the_sampler_free(self) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        prior = lebm.Prior(lebm.Net("in 2; linear 4; gelu; linear 1").init("pytorch", seed=1))
        sampler = lebm.Sampler(steps=1, threads=1)
        random = np.random.default_rng(1)
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            for _ in range(500):
                with contextlib.suppress(KeyboardInterrupt, ctypes.ArgumentError):  # as ctypes calls it on its way to C
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(5e-6, 3e-4))
                    while True:
                        sampler.run_prior(prior, 1)
                sampler.run_prior(prior, 1)
        finally:
            signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    unittest.main()
