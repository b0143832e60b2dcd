"""Diagnostics of arrays of draws: shapes and strides, superchains by number and by name, what is refused."""

import unittest
from typing import Any

from support import lebm, np


def chains(*shape: int, rho: float = 0.0, seed: int = 0) -> Any:
    """Draws [chains, draws, ...] of an autoregressive process."""
    draws = np.random.default_rng(seed).normal(size=shape)
    for t in range(1, shape[1]):
        draws[:, t] = rho * draws[:, t - 1] + np.sqrt(1 - rho**2) * draws[:, t]
    return draws


def everything(draws: Any) -> list[Any]:
    results = lebm.convergence(draws), lebm.mean_error(draws), lebm.sd_error(draws), lebm.quantile_error(draws, 0.3)
    return [number for result in (*results, lebm.nested_rhat(draws, 2)) for number in result]


class Diagnostics(unittest.TestCase):
    def test_they_tell_good_chains_from_bad_ones(self) -> None:
        good, bad = chains(8, 500, rho=0.5), chains(8, 500)
        bad[0] += 5
        found = lebm.convergence(good)
        self.assertLess(found.rhat, 1.01)
        self.assertTrue(800 < found.ess_bulk < 1800 and 800 < found.ess_tail < 3000, found)  # a third of 4000 and more
        self.assertGreater(lebm.convergence(bad).rhat, 1.1)
        self.assertLess(lebm.convergence(bad).ess_bulk, 60)
        mean = lebm.mean_error(good)
        self.assertTrue(abs(mean.mean) < 4 * mean.mcse and 2 < mean.autocorrelation_time < 4, mean)
        sd, median = lebm.sd_error(good), lebm.quantile_error(good, 0.5)
        self.assertTrue(abs(sd.sd - 1) < 4 * sd.mcse and abs(median.quantile) < 4 * median.mcse, (sd, median))

    def test_results_have_the_shape_of_the_last_axes(self) -> None:
        draws = chains(4, 20, 2, 3)
        for result in everything(draws):
            self.assertEqual((result.shape, result.dtype), ((2, 3), np.float64))
        for result, one in zip(everything(draws), everything(draws[:, :, 1, 2])):
            self.assertEqual(result[1, 2], one)
            self.assertIsInstance(one, np.float64)

    def test_arrays_of_any_order_and_type_are_the_same(self) -> None:
        draws = np.round(chains(4, 21, 3) * 64) / 64  # numbers that a float32 holds
        odd = np.zeros((4, 21, 3), np.dtype([("byte", "u1"), ("draw", "f8")]))  # 9 bytes from one to the next
        odd["draw"] = draws
        others = {
            "draws first": np.ascontiguousarray(draws.transpose(1, 0, 2)).transpose(1, 0, 2),
            "fortran": np.asfortranarray(draws),
            "backwards": draws[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
            "every other": np.repeat(draws, 2, axis=1)[:, ::2],
            "float32": draws.astype(np.float32),
            "list": draws.tolist(),
            "big-endian": draws.astype(">f8"),
            "unaligned": odd["draw"],
        }
        for name, other in others.items():
            with self.subTest(name):
                np.testing.assert_array_equal(everything(other), everything(draws))

    def test_arrays_of_doubles_are_not_copied(self) -> None:
        draws = chains(4, 21, 3).transpose(1, 0, 2)
        self.assertIs(lebm._doubles("draws", draws, ""), draws)

    def test_superchains_by_number_or_by_name(self) -> None:
        draws = chains(6, 30, 2)
        draws[:3] += 1
        by_number = lebm.nested_rhat(draws, 2)
        self.assertTrue((by_number.raw > 1.1).all() and (by_number.ranked > 1.1).all(), by_number)
        order = [0, 3, 1, 4, 5, 2]
        by_name = lebm.nested_rhat(draws[order], [7, -1, 7, -1, -1, 7])
        np.testing.assert_allclose(by_name, by_number, rtol=1e-12)
        for wrong in ([0, 0, 0, 0, 1, 1], [0, 1], [[0, 0, 0, 1, 1, 1]]):
            with self.assertRaisesRegex(lebm.ShapeError, "superchains must be"):
                lebm.nested_rhat(draws, wrong)
        with self.assertRaisesRegex(lebm.ShapeError, "superchains is 4, which does not divide chains, 6"):
            lebm.nested_rhat(draws, 4)

    def test_one_draw_of_each_chain(self) -> None:
        found = lebm.nested_rhat(chains(400, 1), 20)
        self.assertAlmostEqual(found.raw, np.sqrt(1 + 1 / 20), delta=0.02)
        self.assertTrue(np.isnan(found.ranked))

    def test_energies(self) -> None:
        energies = chains(3, 200)
        energies[1] = np.cumsum(energies[1])
        found = lebm.e_bfmi(energies)
        expected = np.mean(np.diff(energies) ** 2, axis=1) / np.var(energies, axis=1, ddof=1)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        self.assertLess(found[1], 0.3)

    def test_what_makes_no_sense_is_nan(self) -> None:
        draws = chains(4, 20, 3)
        draws[:, :, 0] = 7
        draws[3, 19, 2] = np.inf
        found = lebm.convergence(draws)
        self.assertEqual(np.isnan(found).tolist(), [[True, False, True]] * 3)
        self.assertEqual(lebm.mean_error(draws).mean[0], 7)

    def test_what_is_refused(self) -> None:
        draws = chains(4, 20)
        for call, error, text in (
            (lambda: lebm.convergence(draws[0]), lebm.ShapeError, r"draws has shape \(20,\); allowed is"),
            (lambda: lebm.convergence(draws[:, :3]), lebm.RangeError, "length is 3; allowed are 4"),
            (lambda: lebm.convergence(draws[:0]), lebm.RangeError, "chains is 0"),
            (lambda: lebm.convergence(np.zeros((0, 20, 3))), lebm.RangeError, "chains is 0"),
            (lambda: lebm.mean_error(np.zeros((4, 20, 0))), lebm.RangeError, "dims is 0"),
            (lambda: lebm.sd_error(draws, threads=-1), lebm.RangeError, "threads is -1"),
            (lambda: lebm.sd_error(draws, threads=1.5), TypeError, "threads must be a whole number"),
            (lambda: lebm.quantile_error(draws, 1), lebm.RangeError, "probability is 1"),
            (lambda: lebm.quantile_error(draws, "0.5"), TypeError, "probability must be a number"),
            (lambda: lebm.e_bfmi(draws[0]), lebm.ShapeError, r"energies has shape \(20,\)"),
            (lambda: lebm.e_bfmi(draws[:, :, None]), lebm.ShapeError, r"energies has shape \(4, 20, 1\)"),
        ):
            with self.subTest(text), self.assertRaisesRegex(error, text):
                call()


if __name__ == "__main__":
    unittest.main()
