"""Scores of observations by log p(x, z)."""

import unittest

from support import lebm, np


class LogJoint(unittest.TestCase):
    def setUp(self) -> None:
        specs = "in 3; linear 8; gelu; linear 1", "in 3; linear 9; silu; linear 7"
        self.model = lebm.create_model(*specs, "gaussian", 0.5, seed=1)
        self.x = np.random.default_rng(2).uniform(-1, 1, (20, 7))

    def test_it_is_the_mean_over_runs(self) -> None:
        prior, generator = self.model
        sampler = lebm.Sampler(steps=5, step_size=0.02, stream=3)
        scores = sampler.log_joint(prior, generator, self.x, chains=4)
        self.assertEqual(sampler.options["stream"], 3)
        z = np.array([sampler.run_posterior(prior, generator, self.x) for _ in range(4)])
        np.testing.assert_array_equal(scores.z, z)
        of_x, of_z = (np.array(part) for part in zip(*(self.parts(chain) for chain in z)))
        np.testing.assert_allclose(scores.log_likelihood, of_x.mean(0, np.float64), 1e-14)
        np.testing.assert_allclose(scores.log_prior, of_z.mean(0, np.float64), 1e-14)

    def parts(self, z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        prior, generator = self.model
        return generator.log_likelihood(z, self.x), prior.log_density(z)

    def test_pieces_are_the_whole(self) -> None:
        sampler = lebm.Sampler(steps=5)
        whole = sampler.log_joint(*self.model, self.x, 2)
        for first, end in (0, 1), (1, 13), (13, 20):
            piece = sampler.log_joint(*self.model, self.x[first:end], 2, first_row=first)
            np.testing.assert_array_equal(piece.log_likelihood, whole.log_likelihood[first:end])
            np.testing.assert_array_equal(piece.log_prior, whole.log_prior[first:end])
            np.testing.assert_array_equal(piece.z, whole.z[:, first:end])

    def test_without_noise_it_goes_on_to_the_modes(self) -> None:
        drawn = lebm.Sampler(steps=30, step_size=0.02).log_joint(*self.model, self.x, 2)
        before, z = drawn.z.copy(), drawn.z
        uphill = lebm.Sampler(steps=30, step_size=0.02, noise=0, start="given")
        mode = uphill.log_joint(*self.model, self.x, 2, z)
        self.assertTrue(np.shares_memory(mode.z, z) and (z != before).any())
        self.assertTrue((mode.log_likelihood + mode.log_prior > drawn.log_likelihood + drawn.log_prior).all())

    def test_what_does_not_fit_is_refused(self) -> None:
        sampler = lebm.Sampler(steps=2)
        with self.assertRaisesRegex(lebm.ShapeError, r"z has shape \(2, 20, 3\); allowed is \(3, 60\)"):
            sampler.log_joint(*self.model, self.x, 3, np.zeros((2, 20, 3), np.float32))
        with self.assertRaisesRegex(lebm.RangeError, "chains is 0; allowed are 1 to"):
            sampler.log_joint(*self.model, self.x, 0)
        with self.assertRaisesRegex(lebm.RangeError, "first_row is -1; allowed are 0 to"):
            sampler.log_joint(*self.model, self.x, first_row=-1)
        sampler.options["start"] = "given"
        with self.assertRaisesRegex(lebm.InvalidError, "start is 'given', but z is not given"):
            sampler.log_joint(*self.model, self.x)

    def test_it_may_be_stopped(self) -> None:
        sampler = lebm.Sampler(steps=2)
        sampler.progress = lambda done: done >= 0.5
        with self.assertRaises(lebm.Stopped):
            sampler.log_joint(*self.model, self.x, 4)


if __name__ == "__main__":
    unittest.main()
