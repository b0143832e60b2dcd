"""lebm declares the library's functions: all of them, no others, and as the headers do."""

import ctypes
import re
import unittest
from typing import Any

from support import ROOT, lebm

HEADERS = (ROOT / "include" / "lebm").glob("*.h")
TYPES = {
    "int": ctypes.c_int,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "double": ctypes.c_double,
    "char *": ctypes.c_char_p,
    "void *": ctypes.c_void_p,
    "float *": lebm._Floats,
    "lebm_progress_fn": lebm._PROGRESS,
    "lebm_density_fn": lebm._DENSITY,
    "void": None,
}


def from_c(text: str) -> Any:
    """The ctypes type of a C type, which may be followed by a name."""
    declared = re.fullmatch(r"(?:const )?(\w+ ?\**)\w*", text.strip())
    assert declared, text
    plain = declared[1].strip()
    if plain in TYPES:
        return TYPES[plain]
    if re.fullmatch(r"lebm_\w+ \*", plain):
        return ctypes.c_void_p
    return ctypes.POINTER(from_c(plain.removesuffix("*")))


def prototypes() -> dict[str, tuple[Any, list[Any]]]:
    """Result and arguments of every function in the headers."""
    text = " ".join(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S) for path in HEADERS)
    functions = {}
    for result, name, arguments in re.findall(r"LEBM_API ([\w ]+?[ *]+)(lebm_\w+)\(([^)]*)\);", " ".join(text.split())):
        listed = [] if arguments == "void" else arguments.split(",")
        functions[name] = from_c(result), [from_c(argument) for argument in listed]
    return functions


class Declarations(unittest.TestCase):
    def test_every_exported_symbol_and_no_other(self) -> None:
        exported = re.findall(r"^ *(lebm_\w+);", (ROOT / "lib" / "latentebm.map").read_text(), re.M)
        self.assertIn("lebm_version", exported)
        self.assertEqual(sorted(lebm._FUNCTIONS), sorted(exported))

    def test_types_are_those_of_the_headers(self) -> None:
        declared = prototypes()
        self.assertEqual(sorted(declared), sorted(lebm._FUNCTIONS))
        for name, (result, arguments) in declared.items():
            function = getattr(lebm._lib, name)
            self.assertEqual((function.restype, list(function.argtypes)), (result, arguments), name)

    def test_every_status_has_its_exception(self) -> None:
        text = (ROOT / "include" / "lebm" / "status.h").read_text()
        statuses = {int(value) for value in re.findall(r"#define LEBM_(?:ERR_)?\w+ +\(?(-?\d+)\)?", text)}
        self.assertEqual({0, *lebm._ERRORS}, statuses)


if __name__ == "__main__":
    unittest.main()
