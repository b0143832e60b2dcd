"""Pictures of one's own, from files to arrays that generators learn from: float32 [n, C, H, W], pixels in [-1, 1]."""

from __future__ import annotations

import gzip
import importlib
import io
import os
import pathlib
import warnings
import zlib
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

__all__ = ["load"]

Path = Union[str, "os.PathLike[str]"]

# The files of the training images, where a folder is that of a data set: the first of these that are there.
_TRAINING = "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "data_batch_*.bin", "train_32x32.mat"
_PICTURES = ".png", ".jpg", ".jpeg"
_RECORD = 1 + 3 * 32 * 32  # bytes of an image of CIFAR-10: its class, then its pixels
_AXES = "NHW", "NCHW", "NHWC"


def load(
    place: Path,
    size: Optional[int] = None,
    grey: bool = False,
    axes: Optional[str] = None,
    most_broken: float = 0.1,
) -> Array:
    """Read images: float32 [n, C, H, W] in [-1, 1].

    place is one of these, told apart by what is in them; files may be compressed by gzip:

        a folder of PNG and JPEG files, in subfolders as well, in the order of their names; needs Pillow
        .npy: whole numbers of 8 bits, or floats in [-1, 1], where NaN is a missing number
        IDX: MNIST's files and what others have made like them
        .bin: CIFAR-10's binary files
        .mat: SVHN's files, the array X [H, W, 3, n]; needs SciPy
        the folder of MNIST, CIFAR-10 or SVHN: the images to train on

    Pictures of a folder are cut to their largest central square and resized to `size`, if it is given; without it all
    must have one size. They are of three channels, or of one if `grey`. Broken ones are left out, with a warning that
    names them, unless they are more than the share most_broken of all. `axes` says how an .npy array lies, "NHW",
    "NCHW" or "NHWC", if its shape does not tell.
    """
    path = pathlib.Path(place)
    if not path.is_dir():
        return _read(path, axes)
    for pattern in _TRAINING:
        files = sorted(file for file in path.glob(pattern) if file.is_file())  # unpackers make folders of such names
        if files:
            return np.concatenate([_read(file, axes) for file in files])
    return _read_pictures(path, size, grey, most_broken)


def _scaled(pixels: NDArray[np.uint8]) -> Array:
    """Pixels of 0 to 255, in [-1, 1]."""
    return np.ascontiguousarray(pixels, np.float32) / 127.5 - 1


def _needed(module: str, package: str, path: pathlib.Path) -> Any:
    """A module that only some files need."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ImportError(f"{path}: to read this takes {package}: pip install {package.lower()}") from None


def _read(path: pathlib.Path, axes: Optional[str]) -> Array:
    """The images of a file, or of its compressed form PATH.gz."""
    compressed = path.with_name(f"{path.name}.gz")
    data = (compressed if not path.exists() and compressed.exists() else path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: {error}") from None
    if data[:6] == b"\x93NUMPY":
        return _of_npy(path, data, axes)
    if data[:3] == b"\0\0\x08":
        return _of_idx(path, data)
    if data[:6] == b"MATLAB" or data[1:4] == b"HDF":
        return _of_mat(path, data)
    if ".bin" in path.suffixes and data and len(data) % _RECORD == 0:
        return _scaled(np.frombuffer(data, np.uint8).reshape(-1, _RECORD)[:, 1:].reshape(-1, 3, 32, 32))
    raise ValueError(f"{path}: neither .npy, IDX, .mat nor a .bin of CIFAR-10, nor a folder of pictures")


def _of_npy(path: pathlib.Path, data: bytes, axes: Optional[str]) -> Array:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # of a damaged header NumPy raises whatever its parser does
        raise ValueError(f"{path}: {error}") from None
    array = _channels_first(path, array, axes)
    if array.dtype == np.uint8:
        return _scaled(array)
    if array.dtype.kind != "f":
        raise ValueError(f"{path}: numbers of type {array.dtype}; allowed are uint8, 0 to 255, and floats in [-1, 1]")
    if array.size > 0 and not np.isnan(array).all():
        least, most = np.nanmin(array), np.nanmax(array)
        if least < -1 or most > 1:
            raise ValueError(f"{path}: floats from {least:g} to {most:g}; allowed are -1 to 1")
        if least >= 0:
            warnings.warn(f"{path}: floats from {least:g} to {most:g} are taken as they are, in [-1, 1]", stacklevel=4)
    return np.ascontiguousarray(array, np.float32)


def _channels_first(path: pathlib.Path, array: NDArray[Any], axes: Optional[str]) -> NDArray[Any]:
    """An array of images as [n, C, H, W]: told by which axis has the length of channels, 1 or 3."""
    if axes is None:
        allowed = {3: ["NHW"], 4: ["NCHW", "NHWC"]}.get(array.ndim, [])
        fitting = [name for name in allowed if "C" not in name or array.shape[name.index("C")] in (1, 3)]
        if len(fitting) != 1:
            text = f"the shape {array.shape} does not tell its axes: give axes=, one of {', '.join(_AXES)}"
            raise ValueError(f"{path}: {text}")
        axes = fitting[0]
    if axes not in _AXES or len(axes) != array.ndim:
        raise ValueError(f"{path}: axes {axes!r} of the shape {array.shape}; allowed are {', '.join(_AXES)}")
    if axes == "NHW":
        return array[:, None]
    return array.transpose(0, 3, 1, 2) if axes == "NHWC" else array


def _of_idx(path: pathlib.Path, data: bytes) -> Array:
    """IDX: two bytes of zero, the type, the number of axes, their lengths, the numbers."""
    axes = data[3] if len(data) > 3 else 0
    if axes != 3 or len(data) < 16:
        raise ValueError(f"{path}: an IDX file of {axes} axes; images have three")
    n, height, width = (int(length) for length in np.frombuffer(data, ">u4", 3, 4))
    if len(data) - 16 != n * height * width:
        raise ValueError(f"{path}: {len(data) - 16} pixels, where {n} x {height} x {width} are announced")
    return _scaled(np.frombuffer(data, np.uint8, offset=16).reshape(n, 1, height, width))


def _of_mat(path: pathlib.Path, data: bytes) -> Array:
    scipy_io = _needed("scipy.io", "SciPy", path)
    try:
        array = scipy_io.loadmat(io.BytesIO(data), variable_names=["X"]).get("X")
    except Exception as error:  # of version 7.3, or broken, for which SciPy has no class of its own
        raise ValueError(f"{path}: {error}") from None
    if array is None or array.dtype != np.uint8 or array.ndim != 4 or array.shape[2] not in (1, 3):
        raise ValueError(f"{path}: there is no array X [H, W, 3, n] of pixels of 8 bits")
    return _scaled(array.transpose(3, 2, 0, 1))


def _read_pictures(folder: pathlib.Path, size: Optional[int], grey: bool, most_broken: float) -> Array:
    """The pictures of a folder and of those below it."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES and path.is_file())
    if not paths:
        raise ValueError(f"{folder}: no PNG or JPEG files, nor the files of MNIST, CIFAR-10 or SVHN")
    image, operations = (_needed(f"PIL.{name}", "Pillow", folder) for name in ("Image", "ImageOps"))
    pictures: list[NDArray[np.uint8]] = []
    broken: list[str] = []
    for path in paths:
        try:
            with image.open(path) as file:
                picture = operations.exif_transpose(file)
        except (OSError, SyntaxError, ValueError, image.DecompressionBombError) as error:  # what Pillow raises
            broken.append(f"{path}: {error}")
            continue
        if picture.mode.startswith("I"):  # 16 bits, which convert() would cut off
            picture = image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        picture = picture.convert("L" if grey else "RGB")
        if size is not None:  # cut first: fit() of Pillow would mix in what lies outside
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            picture = picture.crop((left, top, left + side, top + side)).resize((size, size))
        pixels = np.asarray(picture)
        pixels = pixels[None] if grey else pixels.transpose(2, 0, 1)
        if pictures and pixels.shape != pictures[0].shape:
            raise ValueError(f"{path} is of another size than the pictures before it: give size=, such as size=32")
        pictures.append(pixels)
    if broken:
        text = f"{len(broken)} of {len(paths)} pictures cannot be read: {'; '.join(broken)}"
        if len(broken) > most_broken * len(paths):
            raise ValueError(text)
        warnings.warn(f"{text}; they are left out", stacklevel=3)
    return _scaled(np.stack(pictures))
