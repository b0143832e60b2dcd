"""The Python code in docs/python.md runs as it stands there."""

import os
import re
import tempfile
import unittest

from support import ROOT, lebm


class Docs(unittest.TestCase):
    def test_blocks_run_one_after_the_other(self) -> None:
        text = (ROOT / "docs" / "python.md").read_text()
        blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S))
        self.assertGreater(len(blocks), 3)
        names = {"__name__": "docs"}
        with tempfile.TemporaryDirectory() as folder:
            before = os.getcwd()
            os.chdir(folder)
            self.addCleanup(os.chdir, before)
            for block in blocks:
                line = text.count("\n", 0, block.start(1)) + 1
                exec(compile("\n" * (line - 1) + block[1], "docs/python.md", "exec"), names)
            self.assertIsInstance(names["trainer"], lebm.Trainer)
            os.chdir(before)


if __name__ == "__main__":
    unittest.main()
