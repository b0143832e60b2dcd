"""mypy finds the type hints in order, and by them mistakes in programs."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PYTHON, need

need("mypy")

PROGRAM = """\
import lebm

prior, generator = lebm.load_model("model.safetensors")
z = lebm.Sampler(steps=3).run_prior(prior, 2)
lebm.plot.grid(lebm.images.load("images.npy", size=32))
z = lebm.Sampler(steps=3).run_prior(generator, 2)
lebm.plot.grid(lebm.images.load("images.npy", size="large"))
lebm.load_modle("model.safetensors")
"""


class Types(unittest.TestCase):
    def test_they_are_in_order_and_find_mistakes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(PROGRAM)
            command = [sys.executable, "-m", "mypy", "--cache-dir", f"{folder}/cache", "lebm", str(program)]
            done = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True)
        errors = re.findall(r"^(.*):(\d+): error:", done.stdout, re.M)
        self.assertEqual([int(line) for name, line in errors if name.endswith("program.py")], [6, 7, 8], done.stdout)
        self.assertEqual((len(errors), done.stderr), (3, ""), done.stdout)


if __name__ == "__main__":
    unittest.main()
