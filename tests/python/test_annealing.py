"""Annealed importance sampling: numbers, results, pieces, and what stops a run."""

import unittest

from support import lebm, np, small_generator, small_prior


class Oops(Exception):
    pass


def normal(z: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    wide = z.astype(float)
    return -2 * (wide**2).sum(1), -4 * wide


def annealing(**options: "lebm.Value") -> "lebm.Annealing":
    settled = {"temperatures": 20, "chains": 16, "settle_steps": 10, "pilot_chains": 8, "pilot_steps": 3, "seed": 5}
    return lebm.Annealing("hmc", **{**settled, **options})


class Annealings(unittest.TestCase):
    def test_a_density_of_ones_own(self) -> None:
        found = annealing(temperatures=200)
        found.run_target(lebm.Target(2, normal))
        truth = np.log(np.pi / 2)  # of two numbers of variance 1/4
        for way in "forward", "reverse":
            self.assertLess(abs(found.result(way) - truth), 5 * found.result(f"{way}_error") + 1e-3)
        self.assertEqual((found.row_count, found.kernel), (1, "hmc"))
        weights = found.log_weights()
        self.assertAlmostEqual(np.log(np.exp(weights).mean()), found.result("forward"), places=12)
        weights = found.log_weights(0, reverse=True)
        self.assertAlmostEqual(-np.log(np.exp(weights).mean()), found.result("reverse"), places=12)

    def test_log_p_is_bracketed_in_pieces_too(self) -> None:
        prior, generator = small_prior(), small_generator()
        x = np.random.default_rng(0).normal(size=(3, generator.data_size)).astype(np.float32)
        of_x, of_prior = annealing(), annealing()
        of_prior.run_prior(prior)
        of_x.run_posterior(prior, generator, x)
        whole = [of_x.log_p(of_prior, row) for row in range(3)]
        for row, (lower, upper, error) in enumerate(whole):
            self.assertEqual(lower, of_x.result("forward", row) - of_prior.result("reverse"))
            self.assertEqual(upper, of_x.result("reverse", row) - of_prior.result("forward"))
            self.assertGreater(error, 0)
        for row in range(3):
            piece = annealing(first_row=row)
            piece.run_posterior(prior, generator, x[row : row + 1])
            self.assertEqual(piece.log_p(of_prior), whole[row])

    def test_what_is_refused(self) -> None:
        found = annealing(reverse_chains=0)
        with self.assertRaisesRegex(lebm.StateError, "no run has succeeded"):
            found.result("forward")
        found.run_prior(small_prior())
        with self.assertRaisesRegex(lebm.StateError, "set option reverse_chains to 1"):
            found.result("reverse")
        with self.assertRaisesRegex(lebm.RangeError, "row"):
            found.result("forward", 1)
        with self.assertRaisesRegex(lebm.UnknownOptionError, "no result 'z'"):
            found.result("z")
        with self.assertRaisesRegex(TypeError, "of_prior must be a lebm.Annealing, not Sampler"):
            found.log_p(lebm.Sampler())
        with self.assertRaisesRegex(lebm.UnsupportedError, "langevin"):
            lebm.Annealing("langevin")
        self.assertFalse(hasattr(found, "metric"))

    def test_what_callbacks_raise_comes_out(self) -> None:
        def fail(*_: object) -> "tuple[np.ndarray, np.ndarray]":
            raise Oops("told")

        found = annealing()
        with self.assertRaises(Oops):
            found.run_target(lebm.Target(2, fail))
        found.progress = fail
        with self.assertRaises(Oops):
            found.run_prior(small_prior())
        self.assertEqual(found.row_count, 0)


if __name__ == "__main__":
    unittest.main()
