"""Densities of one's own, and samplers that are tuned to them."""

import gc
import threading
import unittest
import weakref

from support import lebm, np


class Oops(Exception):
    pass


def normal(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """Of standard deviations 0.1 and 2."""
    precision, wide = np.array([100, 0.25]), z.astype(float)
    return -0.5 * (precision * wide**2).sum(1), -precision * wide


class Densities(unittest.TestCase):
    def test_chains_go_to_them(self) -> None:
        sampler = lebm.Sampler("hmc", steps=30, warmup=120, preconditioner="diagonal", seed=3)
        z = sampler.run_target(lebm.Target(2, normal), 2000)
        self.assertEqual((z.shape, z.dtype), ((2000, 2), np.float32))
        for d, deviation in enumerate((0.1, 2)):  # 2000 draws: an error of 1.6 % in a standard deviation
            self.assertLess(abs(z[:, d].std() / deviation - 1), 4 * 0.016)
            self.assertLess(abs(z[:, d].mean()), 4 * deviation / 2000**0.5)
            self.assertLess(abs(sampler.variances[d] / deviation**2 - 1), 0.2)
        self.assertEqual(sampler.options["warmup"], 0)
        self.assertEqual(sampler.metric("step_size"), sampler.options["step_size"])
        self.assertLess(abs(sampler.metric("acceptance") - 0.8), 0.1)
        copy = sampler.copy()
        np.testing.assert_array_equal(copy.variances, sampler.variances)
        np.testing.assert_array_equal(copy.run_target(lebm.Target(2, normal), 7), sampler.run_target(lebm.Target(2, normal), 7))

    def test_step_sizes_are_suggested(self) -> None:
        """The largest curvature of `normal` is 100; a linear g has the same everywhere, and without f the prior that of p0."""
        z, x = np.random.default_rng(0).normal(size=(4, 2)), np.zeros((4, 5))
        self.assertAlmostEqual(lebm.Sampler().suggest_target(lebm.Target(2, normal), z), 0.3 / 100, 5)
        self.assertAlmostEqual(lebm.Sampler("hmc").suggest_target(lebm.Target(2, normal), z), (0.6 / 100) ** 0.5, 4)
        g, f = lebm.Net("in 2; linear 5").init("pytorch", 1), lebm.Net("in 2; linear 1").init("pytorch", 2)
        prior, generator = lebm.Prior(f, 2.0), lebm.Generator(g, "gaussian", 0.5)
        largest = np.linalg.norm(g.params["0.weight"], 2) ** 2 / 0.5**2 + 1 / 2.0**2
        self.assertAlmostEqual(lebm.Sampler().suggest_posterior(prior, generator, x, z) * largest / 0.3, 1, 3)
        self.assertAlmostEqual(lebm.Sampler().suggest_prior(prior, z) * 0.25 / 0.3, 1, 3)
        with self.assertRaisesRegex(lebm.ShapeError, r"z has shape \(4, 2\); allowed is \(3, 2\)"):
            lebm.Sampler().suggest_posterior(prior, generator, x[:3], z)

    def test_they_may_keep_what_they_are_given(self) -> None:
        given = []

        def keep(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
            given.append(z)
            return normal(z)

        start = np.ones((3, 2), np.float32)
        lebm.Sampler("mala", steps=5, start="given").run_target(lebm.Target(2, keep), 3, start.copy())
        self.assertEqual(len(given), 6)
        np.testing.assert_array_equal(given[0], start)
        self.assertTrue(given[0].flags.owndata and given[0].flags.writeable)

    def test_what_they_raise_comes_out(self) -> None:
        def fail(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
            raise Oops("told")

        sampler, z = lebm.Sampler("mala"), np.zeros((2, 2), np.float32)
        for _ in range(2):
            with self.assertRaises(Oops) as caught:
                sampler.run_target(lebm.Target(2, fail), 2, z)
            self.assertEqual(caught.exception.args, ("told",))
        self.assertFalse(z.any())
        self.assertEqual(sampler.options["stream"], 0)

    def test_wrong_results_are_refused(self) -> None:
        wrong = {
            "log density of shape (3,)": lambda z: (np.zeros(3), np.zeros_like(z)),
            "score of shape (2,)": lambda z: (np.zeros(len(z)), np.zeros(len(z))),
        }
        for text, density in wrong.items():
            with self.assertRaises(lebm.ShapeError) as caught:
                lebm.Sampler("hmc").run_target(lebm.Target(2, density), 2)
            self.assertIn(text, str(caught.exception))
        for density in (lambda z: None, lambda z: ("x", np.zeros_like(z)), lambda z: 1):
            with self.assertRaises((TypeError, ValueError)):
                lebm.Sampler("hmc").run_target(lebm.Target(2, density), 2)
        with self.assertRaisesRegex(lebm.DivergedError, "log density is nan at step 1 of chain 0"):
            lebm.Sampler("hmc").run_target(lebm.Target(2, lambda z: (np.full(len(z), np.nan), z)), 2)

    def test_wrong_arguments_are_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "density must be something to call"):
            lebm.Target(2, 3)  # type: ignore[arg-type]
        with self.assertRaises(lebm.RangeError):
            lebm.Target(0, normal)
        with self.assertRaises(TypeError):
            lebm.Sampler().run_target(normal, 2)  # type: ignore[arg-type]
        target = lebm.Target(2, normal)
        self.assertEqual(repr(target), "<lebm.Target dims=2>")
        target.close()
        with self.assertRaises(lebm.StateError):
            lebm.Sampler().run_target(target, 2)
        sampler = lebm.Sampler()
        self.assertIsNone(sampler.variances)
        with self.assertRaises(lebm.RangeError):
            sampler.variances = [1, 0]
        with self.assertRaises(lebm.ShapeError):
            sampler.variances = [[1, 2]]

    def test_they_may_use_the_library(self) -> None:
        other, target = lebm.Sampler("mala", steps=2), lebm.Target(2, normal)
        sampler = lebm.Sampler("mala", steps=2)
        refused = []

        def nested(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
            other.run_target(target, 3)
            try:
                sampler.run_target(target, 3)
            except lebm.StateError as error:
                refused.append(error)
            return normal(z)

        sampler.run_target(lebm.Target(2, nested), 4)
        self.assertEqual(len(refused), 3)

    def test_threads_may_share_one(self) -> None:
        def fail_for_some(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
            if threading.current_thread().name == "bad":
                raise Oops
            return normal(z)

        target, ends = lebm.Target(2, fail_for_some), {}

        def run() -> None:
            name = threading.current_thread().name
            try:
                ends[name] = lebm.Sampler("mala", steps=50).run_target(target, 20)
            except Oops as error:
                ends[name] = error

        threads = [threading.Thread(target=run, name=name) for name in ("good", "bad")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIsInstance(ends["bad"], Oops)
        np.testing.assert_array_equal(ends["good"], lebm.Sampler("mala", steps=50).run_target(target, 20))

    def test_they_are_let_go(self) -> None:
        class Own:
            def __call__(self, z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
                return normal(z)

        density = Own()
        density.target = lebm.Target(2, density)
        lebm.Sampler("mala").run_target(density.target, 2)
        alive = weakref.ref(density)
        del density
        gc.collect()
        self.assertIsNone(alive())


if __name__ == "__main__":
    unittest.main()
