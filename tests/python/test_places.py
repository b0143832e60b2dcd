"""The programs and lebm.images.load() read a place to the same arrays."""

from __future__ import annotations

import gzip
import os
import pathlib
import subprocess
import tempfile
import unittest

from support import lebm, np

PROGRAM = os.environ.get("LEBM_PLACE_ROWS")
PIXELS = np.random.default_rng(1).integers(0, 256, (7, 3, 32, 32), np.uint8)


def program(place: pathlib.Path, size: int = 32, grey: bool = False, axes: str | None = None) -> tuple[np.ndarray, str]:
    """What the programs read, and what they say."""
    done = subprocess.run([PROGRAM, place, str(size), str(int(grey)), *([axes] if axes else [])], capture_output=True)
    said = done.stderr.decode()
    if done.returncode != 0:
        raise ValueError(said)
    shape = np.frombuffer(done.stdout, np.int64, 4)
    return np.frombuffer(done.stdout, np.float32, offset=32).reshape(shape), said


class Places(unittest.TestCase):
    def setUp(self) -> None:
        if not PROGRAM:
            self.skipTest("the example programs are not built")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, place: pathlib.Path, **options: str) -> None:
        """Both read it to the same bits."""
        np.testing.assert_array_equal(program(place, **options)[0], lebm.images.load(place, **options))

    def test_npy(self) -> None:
        path = self.folder / "images.npy"
        floats = (PIXELS / 127.5 - 1).astype(np.float32)
        holes = np.where(PIXELS < 50, np.nan, floats)
        for array in (PIXELS, PIXELS.transpose(0, 2, 3, 1), PIXELS[:, 0], PIXELS.T[::2].T, np.asfortranarray(PIXELS), floats,
                      floats.astype(np.float64), (floats * np.float32(1e-5)).astype(">f2"), holes.astype(np.float16), floats.astype(">f4"), holes, holes.astype("<f4").transpose(0, 3, 2, 1)):
            np.save(path, array)
            self.check(path)
        np.save(path, PIXELS[:, :, :3, :3])
        for axes in "NCHW", "NHWC":
            self.check(path, axes=axes)
        for array in PIXELS[0, 0], PIXELS[:, :2], PIXELS.astype(np.int32), 2 * floats:
            np.save(path, array)
            for read in program, lebm.images.load:
                with self.assertRaises(ValueError):
                    read(path)

    def test_files_of_data_sets(self) -> None:
        header = bytes([0, 0, 8, 3]) + np.array(PIXELS[:, 0].shape, ">i4").tobytes()
        (self.folder / "idx").write_bytes(header + PIXELS[:, 0].tobytes())
        (self.folder / "packed.gz").write_bytes(gzip.compress(header + PIXELS[:, 0].tobytes()))
        records = [bytes([i]) + image.tobytes() for i, image in enumerate(PIXELS)]
        (self.folder / "some.bin").write_bytes(b"".join(records))
        for name in "idx", "packed.gz", "packed", "some.bin":
            self.check(self.folder / name)
        for i in range(3):
            (self.folder / f"data_batch_{i + 1}.bin").write_bytes(b"".join(records[2 * i:2 * i + 2]))
        self.check(self.folder)

    def test_mat(self) -> None:
        try:
            import scipy.io
        except ImportError:
            self.skipTest("SciPy is not installed")
        scipy.io.savemat(self.folder / "train_32x32.mat", {"X": PIXELS.transpose(2, 3, 1, 0)})
        self.check(self.folder / "train_32x32.mat")
        self.check(self.folder)

    def pictures(self) -> list[str]:
        """Pictures of many forms, in subfolders, of one size; their names."""
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed")
        names = []
        for i, pixels in enumerate(PIXELS):
            folder = self.folder / ("a-b", "a", "a/b", "B")[i % 4]
            folder.mkdir(exist_ok=True, parents=True)
            colour = Image.fromarray(pixels.transpose(1, 2, 0))
            exif = Image.Exif()
            exif[0x0112] = i % 9
            forms = {
                "rgb.png": colour,
                "turned.png": colour,
                "grey.PNG": colour.convert("L"),
                "palette.png": colour.convert("P"),
                "line.png": colour.convert("1"),
                "alpha.png": Image.merge("RGBA", (*colour.split(), colour.convert("L"))),
                "grey_alpha.png": Image.merge("LA", (colour.convert("L"), colour.convert("L").rotate(90))),
                "deep.png": Image.fromarray(pixels[0].astype(np.uint16) * 257),
                "rgb.jpg": colour,
                "grey.JPEG": colour.convert("L"),
                "ink.jpg": colour.convert("CMYK"),
            }
            for form, picture in forms.items():
                name = folder / f"{i}.{form}"
                options = {"progressive": True, "quality": 90} if i % 2 and ".png" not in form.lower() else {}
                picture.save(name, exif=exif, **options) if "turned" in form or "rgb.jpg" in form else picture.save(name, **options)
                names.append(str(name))
        return names

    def test_pictures_of_one_size(self) -> None:
        self.pictures()
        for grey in False, True:
            (ours, said), theirs = program(self.folder, grey=grey), lebm.images.load(self.folder, grey=grey)
            self.assertEqual(ours.shape, theirs.shape)
            error = np.abs(ours - theirs).max(axis=(1, 2, 3)) * 127.5
            paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
            self.assertEqual(said.splitlines(), [str(path.relative_to(self.folder)) for path in paths])
            for path, worst in zip(paths, error):  # of JPEG files two versions of the library may differ
                self.assertLessEqual(worst, 0.01 if path.suffix.lower() == ".png" else 2.01, path)

    def test_pictures_that_are_resized(self) -> None:
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed")
        noise = Image.fromarray(np.random.default_rng(2).integers(60, 196, (90, 120, 3), np.uint8))
        noise.save(self.folder / "noise.png")
        noise.resize((31, 23)).resize((333, 250)).save(self.folder / "smooth.png")
        noise.resize((40, 25)).save(self.folder / "small.png")
        ours, theirs = program(self.folder, size=32)[0], lebm.images.load(self.folder, size=32)
        self.assertEqual(ours.shape, theirs.shape)
        levels = np.abs(ours - theirs) * 127.5
        print(f"two ways to resize differ by {levels[:, :, 3:-3, 3:-3].max():.0f} levels inside, and by "
              f"{levels.max():.0f} at the edges, beyond which they see other things")
        self.assertLessEqual(levels[:, :, 3:-3, 3:-3].max(), 3.01)
        self.assertLessEqual(levels.max(), 25)

    def test_broken_pictures(self) -> None:
        names = self.pictures()
        for name, data in ((names[0], b""), (names[10], pathlib.Path(names[10]).read_bytes()[:-200])):
            pathlib.Path(name).write_bytes(data)
        ours, said = program(self.folder)
        with self.assertWarnsRegex(UserWarning, "2 of 77 pictures cannot be read"):
            theirs = lebm.images.load(self.folder)
        self.assertIn("2 of 77 pictures cannot be read", said)
        self.assertEqual(ours.shape, theirs.shape)
        for name in names[20:32]:
            pathlib.Path(name).write_bytes(b"no picture")
        for read in program, lebm.images.load:
            with self.assertRaisesRegex(ValueError, "14 of 77 pictures cannot be read"):
                read(self.folder)


if __name__ == "__main__":
    unittest.main()
