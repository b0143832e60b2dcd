"""What chains were at their steps, as arrays of NumPy."""

import gc
import threading
import unittest

from support import lebm, np


def normal(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    wide = z.astype(float)
    return -0.5 * (wide**2).sum(1), -wide


class Recorded(unittest.TestCase):
    def setUp(self) -> None:
        self.target = lebm.Target(3, normal)
        self.sampler = lebm.Sampler("hmc", steps=50, warmup=20, threads=1)
        self.traces = self.sampler.traces = lebm.Traces(200)

    def run_again(self) -> "np.ndarray":
        z = self.z = self.sampler.run_target(self.target, 4, getattr(self, "z", None))
        self.sampler.options["start"] = "continue"
        return z.copy()

    def test_arrays_are_copies_of_what_chains_were(self) -> None:
        z = self.run_again()
        states, log_densities = self.traces.states, self.traces.log_densities
        self.assertEqual((states.shape, states.dtype, log_densities.shape), ((4, 50, 3), np.float64, (4, 50)))
        np.testing.assert_array_equal(states[:, -1], z)
        np.testing.assert_allclose(log_densities, -0.5 * (states**2).sum(2), rtol=1e-12)
        self.assertAlmostEqual(self.traces.acceptances.mean(), self.sampler.metric("acceptance"), 12)
        kinetic = self.traces.energies[:, 1:] + log_densities[:, :-1]
        self.assertTrue((kinetic > 0).all())
        self.assertLess(abs(kinetic.mean() - 1.5), 0.5)
        self.assertTrue(states.flags.owndata and states.flags.c_contiguous)
        before = states.copy()
        self.run_again()
        np.testing.assert_array_equal(states, before)
        np.testing.assert_array_equal(self.traces.states[:, :50], before)

    def test_diagnostics_take_them(self) -> None:
        self.sampler.options.update(steps=200)
        self.run_again()
        self.assertEqual(lebm.convergence(self.traces.states).rhat.shape, (3,))
        self.assertLess(lebm.convergence(self.traces.states).rhat.max(), 1.1)
        self.assertLess(lebm.convergence(self.traces.log_densities).rhat, 1.1)
        self.assertGreater(lebm.e_bfmi(self.traces.energies).min(), 0.3)

    def test_capacity_bounds_them(self) -> None:
        for _ in range(9):
            z = self.run_again()
        self.assertEqual((self.traces.length, self.traces.every), (112, 4))
        self.assertEqual(repr(self.traces), "<lebm.Traces chains=4, length=112, dims=3, every=4>")
        self.traces.clear()
        self.assertEqual((self.traces.length, self.traces.every), (0, 1))
        self.assertEqual((self.traces.states.shape, self.traces.energies.shape), ((0, 0, 0), (0, 0)))
        z = self.run_again()
        np.testing.assert_array_equal(self.traces.states[:, -1], z)

    def test_the_first_chains_of_every_so_many_steps(self) -> None:
        self.sampler.traces = few = lebm.Traces(capacity=100, every=5, chains=3)
        z = self.run_again()
        np.testing.assert_array_equal(few.states[:, -1], z[:3])
        self.assertEqual((few.chains, few.length, few.dims), (3, 10, 3))

    def test_other_kernels_have_no_energies(self) -> None:
        sampler = lebm.Sampler(steps=5)
        sampler.traces = traces = lebm.Traces(5)
        sampler.run_target(self.target, 2)
        self.assertTrue(np.isnan(traces.energies).all() and np.isnan(traces.acceptances).all())

    def test_callbacks_read_what_was_there_before(self) -> None:
        seen = []

        def look(done: float) -> None:
            seen.append(self.traces.states)
            for change in self.traces.clear, lambda: setattr(self.sampler, "traces", None):
                with self.assertRaises(lebm.StateError):
                    change()

        self.run_again()
        before = self.traces.states
        self.sampler.progress = look
        self.run_again()
        self.assertTrue(seen)
        for states in seen:
            np.testing.assert_array_equal(states, before)
        self.assertEqual(self.traces.length, 100)

    def test_a_run_that_is_stopped_changes_nothing(self) -> None:
        self.run_again()
        before = self.traces.states
        self.sampler.progress = lambda done: True
        with self.assertRaises(lebm.Stopped):
            self.run_again()
        np.testing.assert_array_equal(self.traces.states, before)

    def test_one_sampler_has_them_at_a_time(self) -> None:
        other = lebm.Sampler()
        self.assertIsNone(other.traces)
        self.assertIs(self.sampler.traces, self.traces)
        with self.assertRaisesRegex(lebm.StateError, "belong to another sampler"):
            other.traces = self.traces
        self.assertIsNone(other.traces)
        self.assertIsNone(self.sampler.copy().traces)
        self.sampler.traces = None
        other.traces = self.traces
        with self.assertRaises(TypeError):
            other.traces = 3  # type: ignore[assignment]

    def test_they_outlive_their_sampler_and_it_them(self) -> None:
        self.run_again()
        del self.sampler
        gc.collect()
        self.assertEqual(self.traces.states.shape, (4, 50, 3))
        self.sampler = lebm.Sampler("mala", steps=5)
        self.sampler.traces = self.traces
        self.traces.close()
        self.run_again()
        with self.assertRaisesRegex(lebm.StateError, "this Traces is closed"):
            self.traces.states

    def test_wrong_arguments(self) -> None:
        for arguments, text in ((0,), "capacity is 0"), ((1, 0), "every is 0"), ((1, 1, -1), "chains is -1"):
            with self.assertRaisesRegex(lebm.RangeError, text):
                lebm.Traces(*arguments)
        with self.assertRaisesRegex(TypeError, "every must be a whole number"):
            lebm.Traces(1, 1.5)  # type: ignore[arg-type]

    def test_threads_may_read_during_a_run(self) -> None:
        """They wait for it, as what they read is replaced at its end."""
        stop, lengths, are_finite = threading.Event(), set(), set()

        def read() -> None:
            while not stop.is_set():
                states = self.traces.states
                are_finite.add(np.isfinite(states).all())
                lengths.add(states.shape[1])

        self.sampler.options.update(steps=7)
        reader = threading.Thread(target=read)
        self.run_again()
        reader.start()
        while len(lengths) < 5 and reader.is_alive():
            self.run_again()
        stop.set()
        reader.join()
        self.assertEqual(are_finite, {True})
        self.assertGreaterEqual(len(lengths), 5)


if __name__ == "__main__":
    unittest.main()
