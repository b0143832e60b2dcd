"""lebm.images.load() reads each kind of file to the same pixels, and says what is wrong with the others."""

import gzip
import pathlib
import sys
import tempfile
import unittest
import unittest.mock
import warnings

from support import lebm, np

PIXELS = np.random.default_rng(1).integers(0, 256, (7, 3, 32, 32), np.uint8)
SCALED = PIXELS.astype(np.float64) / 127.5 - 1


def idx(pixels: np.ndarray) -> bytes:
    return bytes([0, 0, 8, pixels.ndim]) + np.array(pixels.shape, ">i4").tobytes() + pixels.tobytes()


def cifar(pixels: np.ndarray) -> bytes:
    return b"".join(bytes([3]) + image.tobytes() for image in pixels)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, name: str, expected: np.ndarray, **options: object) -> None:
        """A path of the folder, as str and as Path, has these pixels."""
        for place in (self.folder / name, str(self.folder / name)):
            x = lebm.images.load(place, **options)
            self.assertEqual((x.dtype, x.flags.c_contiguous), (np.float32, True))
            np.testing.assert_allclose(x, expected, rtol=0, atol=1e-6)

    def refuse(self, name: str, text: str, **options: object) -> None:
        with self.assertRaisesRegex(ValueError, f"{self.folder}.*{text}"):
            lebm.images.load(self.folder / name, **options)

    def test_npy(self) -> None:
        path = self.folder / "images.npy"
        for array, expected in (
            (PIXELS, SCALED),
            (PIXELS.transpose(0, 2, 3, 1), SCALED),
            (PIXELS[:, 0], SCALED[:, :1]),
            (PIXELS[:, :1], SCALED[:, :1]),
            (SCALED, SCALED),
            (SCALED[:, 0].astype(np.float16).astype(">f8"), SCALED[:, :1].astype(np.float16)),
            (np.where(SCALED < 0, np.nan, -SCALED), np.where(SCALED < 0, np.nan, -SCALED)),
        ):
            np.save(path, array)
            self.check("images.npy", expected)
        np.save(path, PIXELS[:, :, :3, :3])
        self.check("images.npy", SCALED[:, :, :3, :3], axes="NCHW")
        self.check("images.npy", SCALED[:, :, :3, :3].transpose(0, 3, 1, 2), axes="NHWC")
        self.refuse("images.npy", "does not tell its axes: give axes=, one of NHW, NCHW, NHWC")
        self.refuse("images.npy", "axes 'NHW' of the shape", axes="NHW")
        self.refuse("images.npy", "axes 'HW' of the shape", axes="HW")

    def test_npy_that_is_not_allowed(self) -> None:
        for array, text in (
            (PIXELS.astype(np.int32), "int32; allowed are uint8, 0 to 255, and floats"),
            (SCALED * 2, "floats from -2 to .*; allowed are -1 to 1"),
            (PIXELS[0, 0], "does not tell its axes"),
            (PIXELS[:, :2], "does not tell its axes"),
            (np.array([None]), "allow_pickle"),
        ):
            np.save(self.folder / "images.npy", array, allow_pickle=True)
            self.refuse("images.npy", text)
        np.save(self.folder / "images.npy", abs(SCALED))
        with self.assertWarnsRegex(UserWarning, "floats from 0.* are taken as they are") as caught:
            lebm.images.load(self.folder / "images.npy")
        self.assertEqual(caught.filename, __file__)

    def test_idx(self) -> None:
        grey = PIXELS[:, 0]
        (self.folder / "images").write_bytes(idx(grey))
        (self.folder / "packed.gz").write_bytes(gzip.compress(idx(grey)))
        for name in ("images", "packed.gz", "packed"):
            self.check(name, SCALED[:, :1])
        for data, text in (
            (idx(grey)[:-1], f"{grey.size - 1} pixels, where 7 x 32 x 32 are announced"),
            (idx(grey)[:9], "an IDX file of 3 axes"),
            (idx(grey[0, 0]), "an IDX file of 1 axes; images have three"),
            (gzip.compress(idx(grey))[:-9], "ended before"),
            (gzip.compress(idx(grey))[:99], "ended before"),
            (b"", "neither .npy, IDX"),
            (b"nothing that is known", "neither .npy, IDX"),
        ):
            (self.folder / "images").write_bytes(data)
            self.refuse("images", text)
        with self.assertRaises(FileNotFoundError):
            lebm.images.load(self.folder / "missing")

    def test_cifar(self) -> None:
        (self.folder / "data_batch_1.bin").write_bytes(cifar(PIXELS[:4]))
        (self.folder / "data_batch_2.bin").write_bytes(cifar(PIXELS[4:]))
        (self.folder / "test_batch.bin").write_bytes(cifar(PIXELS[:1]))
        self.check("data_batch_1.bin", SCALED[:4])
        self.check("", SCALED)
        (self.folder / "data_batch_2.bin").write_bytes(cifar(PIXELS)[:-1])
        self.refuse("", "data_batch_2.bin: neither")

    def test_folder_of_mnist(self) -> None:
        (self.folder / "train-images-idx3-ubyte").mkdir()  # as unpackers make them
        (self.folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(PIXELS[:, 0])))
        (self.folder / "t10k-images-idx3-ubyte").write_bytes(idx(PIXELS[:2, 0]))
        self.check("", SCALED[:, :1])

    def test_mat(self) -> None:
        try:
            import scipy.io
        except ImportError:
            (self.folder / "train_32x32.mat").write_bytes(b"MATLAB 5.0 MAT-file")
            with self.assertRaisesRegex(ImportError, "train_32x32.mat: .*SciPy: pip install scipy"):
                lebm.images.load(self.folder)
            self.skipTest("SciPy is not installed")
        path = self.folder / "train_32x32.mat"
        scipy.io.savemat(path, {"X": PIXELS.transpose(2, 3, 1, 0), "y": np.ones(7)}, do_compression=True)
        self.check("train_32x32.mat", SCALED)
        self.check("", SCALED)
        path.write_bytes(path.read_bytes()[:500])
        self.refuse("", "train_32x32.mat")
        scipy.io.savemat(path, {"Y": PIXELS})
        self.refuse("", "there is no array X")

    def test_pictures_without_pillow(self) -> None:
        (self.folder / "a.png").write_bytes(b"")
        with unittest.mock.patch.dict(sys.modules, {"PIL.Image": None}):
            with self.assertRaisesRegex(ImportError, f"{self.folder}: .*Pillow: pip install pillow"):
                lebm.images.load(self.folder)

    def test_a_folder_without_pictures(self) -> None:
        self.refuse("", "no PNG or JPEG files")


class Pictures(unittest.TestCase):
    def setUp(self) -> None:
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("Pillow is not installed")
        self.image = Image
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def save(self, name: str, pixels: np.ndarray, **options: object) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        self.image.fromarray(pixels).save(path, **options)

    def test_the_same_pixels_in_the_order_of_names(self) -> None:
        for i, name in enumerate(("b.PNG", "a/two.png", "a/one.png")):
            self.save(name, np.ascontiguousarray(PIXELS[i].transpose(1, 2, 0)))
        (self.folder / "readme.txt").write_text("no picture")
        x = lebm.images.load(self.folder)
        np.testing.assert_allclose(x, SCALED[[2, 1, 0]], rtol=0, atol=1e-6)
        self.assertEqual(lebm.images.load(self.folder, grey=True).shape, (3, 1, 32, 32))

    def test_grey_and_16_bits(self) -> None:
        self.save("a.png", PIXELS[0, 0])
        self.save("b.png", PIXELS[0, 0].astype(np.uint16) * 257)
        x = lebm.images.load(self.folder, grey=True)
        np.testing.assert_allclose(x, SCALED[[0, 0], :1], rtol=0, atol=1e-6)
        np.testing.assert_array_equal(lebm.images.load(self.folder), x.repeat(3, 1))

    def test_the_central_square_is_resized(self) -> None:
        wide = np.full((40, 100, 3), 255, np.uint8)
        wide[:, 30:70] = 10
        for name in ("a.png", "b.jpg"):
            self.save(name, wide)
        self.save("c.png", wide.transpose(1, 0, 2))
        np.testing.assert_allclose(lebm.images.load(self.folder, size=8), 10 / 127.5 - 1, rtol=0, atol=0.05)
        with self.assertRaisesRegex(ValueError, "c.png is of another size .*size=32"):
            lebm.images.load(self.folder)

    def test_photographs_that_are_turned(self) -> None:
        pixels = np.zeros((32, 32, 3), np.uint8)
        pixels[:16] = 200
        exif = self.image.Exif()
        exif[0x0112] = 3  # upside down
        self.save("a.jpg", pixels, exif=exif)
        x = lebm.images.load(self.folder)
        self.assertLess(x[0, :, :12].max(), -0.9)
        self.assertGreater(x[0, :, 20:].min(), 0.4)

    def test_broken_ones_are_named_and_left_out(self) -> None:
        for i in range(12):
            self.save(f"{i:02}.png", np.ascontiguousarray(PIXELS[i % 7].transpose(1, 2, 0)))
        (self.folder / "05.png").write_bytes((self.folder / "05.png").read_bytes()[:900])
        with self.assertWarnsRegex(UserWarning, r"1 of 12 pictures cannot be read: .*05\.png: .*left out") as caught:
            x = lebm.images.load(self.folder)
        self.assertEqual(caught.filename, __file__)
        np.testing.assert_allclose(x, SCALED[[0, 1, 2, 3, 4, 6, 0, 1, 2, 3, 4]], rtol=0, atol=1e-6)
        (self.folder / "03.png").write_bytes(b"")
        with self.assertRaisesRegex(ValueError, r"2 of 12 pictures cannot be read: .*03\.png.*05\.png"):
            lebm.images.load(self.folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.assertEqual(len(lebm.images.load(self.folder, most_broken=0.2)), 10)


if __name__ == "__main__":
    unittest.main()
