"""The Python code on the pages runs as it stands there, and does what they say."""

import contextlib
import io
import os
import re
import tempfile
import unittest
from typing import Any

from support import ROOT, lebm, np


class Docs(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def run_blocks(self, page: str, least: int) -> tuple[dict[str, Any], str]:
        """Run a page's blocks one after the other: the names that they leave, and what they print."""
        text = (ROOT / "docs" / page).read_text()
        blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S))
        self.assertGreaterEqual(len(blocks), least)
        names: dict[str, Any] = {"__name__": "docs"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for block in blocks:
                line = text.count("\n", 0, block.start(1)) + 1
                exec(compile("\n" * (line - 1) + block[1], f"docs/{page}", "exec"), names)
        return names, printed.getvalue()

    def test_python(self) -> None:
        names, _ = self.run_blocks("python.md", 10)
        self.assertEqual(names["trainer"].epochs_done, 2)  # as in the checkpoint
        self.assertEqual(names["trainer"].options["generator_learning_rate"], 1e-4)

    def test_sampling(self) -> None:
        names, printed = self.run_blocks("sampling.md", 2)
        self.assertTrue(0.8 < names["z"][:, 0].std() < 1.2, printed)

    def test_recipes(self) -> None:
        names, printed = self.run_blocks("recipes.md", 5)
        self.assertTrue(0.2 < names["left"] < 0.8 and names["valley"] < 0.1, printed)
        filled = names["filled"]
        self.assertTrue(0.25 < np.mean(filled[:, 0] < -1) < 0.75 and np.mean(abs(filled[:, 0]) < 1) < 0.1, printed)
        scores = names["scores"]
        self.assertEqual(set(np.argsort(scores.log_likelihood + scores.log_prior)[:2]), {5, 6})
        self.check_gradients(names["gradients"])

    def check_gradients(self, gradients: Any) -> None:
        """They are the trainer's, of chains that are the same, for they start at zero and have no noise."""
        prior = lebm.Prior(lebm.Net("in 3; linear 8; gelu; linear 1").init("pytorch", 1))
        generator = lebm.Generator(lebm.Net("in 3; linear 8; relu; linear 4").init("pytorch", 2), "gaussian", 0.5)
        sampler, x = lebm.Sampler(steps=3, noise=0, start_std=0), np.random.default_rng(0).normal(size=(5, 4))
        z = sampler.run_posterior(prior, generator, x), sampler.run_prior(prior, 5)
        by_name = gradients(prior, generator, x, *z)
        trainer = lebm.Trainer(prior, generator, sampler, sampler)
        trainer.step(x)
        for key, of_net in zip(("prior_grad_norm", "generator_grad_norm"), by_name):
            norm = np.sqrt(sum(np.sum(gradient.astype(float) ** 2) for gradient in of_net.values()))
            np.testing.assert_allclose(norm, trainer.metric(key), rtol=1e-4)


if __name__ == "__main__":
    unittest.main()
