"""The cells of the example notebook run one after the other, and do what its text says."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from typing import Any

from support import PYTHON, lebm, need, np

folder = tempfile.TemporaryDirectory()
os.environ.update(MPLCONFIGDIR=folder.name, MPLBACKEND="Agg")

need("matplotlib")

NOTEBOOK = PYTHON / "pictures.ipynb"


class Notebook(unittest.TestCase):
    def test_it_learns_discs(self) -> None:
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        cells = json.loads(NOTEBOOK.read_text())["cells"]
        names: dict[str, Any] = {"__name__": "notebook"}
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
            for number, cell in enumerate(cells):
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
        mse = names["watch"].metrics["reconstruction_mse"]
        self.assertLess(np.mean(mse[-18:]), np.mean(mse[:18]) / 2)
        self.assertEqual(names["score"].argmin(), 9, names["score"])
        self.assertEqual(lebm.load_model("discs.safetensors")[1].data_shape, (1, 16, 16))

    def test_it_has_no_outputs(self) -> None:
        for cell in json.loads(NOTEBOOK.read_text())["cells"]:
            if cell["cell_type"] == "code":
                self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None), "clear the outputs")


if __name__ == "__main__":
    unittest.main()
