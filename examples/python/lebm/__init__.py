"""liblatentebm for Python: latent-space energy-based prior models over NumPy arrays.

A thin layer over the C library, which says all there is to know about each function in its headers (include/lebm).
The classes are its handles: a Net is f or g, a Prior is a net and p0, a Generator is a decoder and a likelihood, a
Sampler is a transition kernel, and a Trainer joins them; a Target is a density of one's own, Traces keep what chains
were step by step, and an Annealing estimates how probable observations are.

    import lebm

    prior = lebm.Prior(lebm.Net("in 16; linear 200; gelu; linear 1").init("pytorch", seed=1))
    z = lebm.Sampler(steps=100, step_size=0.05).run_prior(prior, 10)  # ten latent vectors, float32 [10, 16]

Arrays are float32 and row-major, with one row for each chain or observation. Arrays that are so already are used where
they lie; others are copied. Images may be [n, C, H, W], with axes of length 1 or without, as well as flat, [n, D].

lebm.images reads pictures, lebm.plot shows them and the course of a training, lebm.progress tells how far one is.

The shared library is the one that the environment variable LEBM_LIBRARY names, or else the one inside this package, or
else the system's liblatentebm.so.0. It runs without the GIL, so other Python threads go on meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import itertools
import math
import operator
import os
import pathlib
import re
import threading
import warnings
import weakref
from collections.abc import Callable, Container, Iterable, Iterator
from collections.abc import Generator as PythonGenerator
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int, c_int64, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, MutableMapping, NamedTuple, NoReturn, Optional, SupportsIndex, TypeVar, Union

import numpy as np

if TYPE_CHECKING:  # numpy.typing is slow to import
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = [
    "Net",
    "Prior",
    "Generator",
    "Target",
    "Sampler",
    "Traces",
    "Trainer",
    "Annealing",
    "LogJoint",
    "LogP",
    "create_model",
    "save_model",
    "load_model",
    "load_sampler",
    "convergence",
    "nested_rhat",
    "mean_error",
    "sd_error",
    "quantile_error",
    "e_bfmi",
    "Convergence",
    "NestedRhat",
    "MeanError",
    "SdError",
    "QuantileError",
    "version",
    "build_info",
    "PADDING",
    "Options",
    "Option",
    "Params",
    "LebmError",
    "Stopped",
    "InvalidError",
    "OutOfMemoryError",
    "UnknownOptionError",
    "RangeError",
    "ShapeError",
    "StateError",
    "FileError",
    "FormatError",
    "VersionError",
    "DivergedError",
    "UnsupportedError",
    "InternalError",
    "images",
    "plot",
    "progress",
]

Value = Union[int, float, str]
Progress = Callable[[float], object]
Density = Callable[[Any], "tuple[Any, Any]"]
PADDING = -1.0  #: fills rows of tokens behind the end of a sequence
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_AnyHandle = TypeVar("_AnyHandle", bound="_Handle")
_Item = TypeVar("_Item")


# Errors: one class for each status, which is also what Python calls such an error.


class LebmError(Exception):
    """A call of the library failed, and changed nothing; the text says what was wrong and what is allowed."""

    status = 0  #: the library's status, such as -5 for LEBM_ERR_SHAPE

    def __str__(self) -> str:  # KeyError's own would quote the text
        return str(self.args[0]) if self.args else ""


class Stopped(LebmError):
    """The progress callback asked to stop."""

    status = 1


class InvalidError(LebmError, ValueError):
    """An argument that is never allowed."""

    status = -1


class OutOfMemoryError(LebmError, MemoryError):
    """Out of memory."""

    status = -2


class UnknownOptionError(LebmError, KeyError):
    """No option, metric, parameter or kind of that name."""

    status = -3


class RangeError(LebmError, ValueError):
    """A value outside its bounds; NaN always is."""

    status = -4


class ShapeError(LebmError, ValueError):
    """Sizes that do not fit together."""

    status = -5


class StateError(LebmError, RuntimeError):
    """A call that is not allowed now."""

    status = -6


class FileError(LebmError, OSError):
    """The operating system refused to read or write. The text has the reason; errno and filename are None."""

    status = -7


class FormatError(LebmError, ValueError):
    """A file or spec that is not well-formed."""

    status = -8


class VersionError(LebmError):
    """A file made by a newer version of the format."""

    status = -9


class DivergedError(LebmError, ArithmeticError):
    """A chain or a step met a value that is not finite or has grown too far."""

    status = -10


class UnsupportedError(LebmError, NotImplementedError):
    """Well-formed, but not something this build can do."""

    status = -11


class InternalError(LebmError, RuntimeError):
    """A bug in the library: please report it."""

    status = -12


_ERRORS = {error.status: error for error in LebmError.__subclasses__()}


def _error(status: int) -> LebmError:
    text = re.sub(r"^lebm_\w+: ", "", _string(_lib.lebm_last_error()))  # without the C function: the user called none
    error = _ERRORS.get(status, LebmError)(text)
    error.status = status
    return error


def _raise_failure(status: int, function: Any, arguments: Any) -> None:
    """What ctypes does with the status that a function returned: no call's failure goes unseen."""
    if status != 0:
        raise _error(status)  # not of a local variable, which would make a cycle of error, traceback and frame


# The library's functions.


class _Floats:
    """The type `float *` of an argument: where the numbers of a float32 array are."""

    @classmethod
    def from_param(cls, array: Array) -> c_void_p:
        """What ctypes passes on."""
        return c_void_p(array.ctypes.data)


# lebm_progress_fn. Its second argument, `user`, is not declared: what the library calls is a generator's send(), which
# takes one argument, and the calling conventions of the systems that the library is for let a function ignore others.
_PROGRESS = ctypes.CFUNCTYPE(c_int, c_double)

# lebm_density_fn, of whose arguments `user` is not declared either. Addresses come as numbers.
_DENSITY = ctypes.CFUNCTYPE(c_int, c_void_p, c_int64, c_void_p, c_void_p)

_h, _out, _text = c_void_p, POINTER(c_void_p), c_char_p
_i64s, _f64s = POINTER(c_int64), POINTER(c_double)
_draws = _f64s, c_int64, c_int64, c_int64, _i64s

# Result and arguments of every function. All that return an int return a status.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "lebm_version": (_text, []),
    "lebm_build_info": (_text, []),
    "lebm_last_error": (_text, []),
    "lebm_status_name": (_text, [c_int]),
    "lebm_net_create": (c_int, [_out, c_int64]),
    "lebm_net_create_from_spec": (c_int, [_out, _text]),
    "lebm_net_destroy": (None, [_h]),
    "lebm_net_add_linear": (c_int, [_h, c_int64, c_int]),
    "lebm_net_add_conv_transpose2d": (c_int, [_h, c_int64, c_int64, c_int64, c_int64, c_int]),
    "lebm_net_add_reshape": (c_int, [_h, c_int64, c_int64, c_int64]),
    "lebm_net_add_activation": (c_int, [_h, _text, c_double]),
    "lebm_net_init": (c_int, [_h, _text, c_uint64]),
    "lebm_net_layer_count": (c_int64, [_h]),
    "lebm_net_layer_form": (_text, [_h, c_int64]),
    "lebm_net_in_features": (c_int64, [_h]),
    "lebm_net_out_features": (c_int64, [_h]),
    "lebm_net_out_shape": (c_int, [_h, _i64s]),
    "lebm_net_spec": (_text, [_h]),
    "lebm_net_param_count": (c_int64, [_h]),
    "lebm_net_param_total": (c_int64, [_h]),
    "lebm_net_param_size": (c_int64, [_h, c_int64]),
    "lebm_net_param_name": (_text, [_h, c_int64]),
    "lebm_net_param_ndim": (c_int64, [_h, c_int64]),
    "lebm_net_param_dim": (c_int64, [_h, c_int64, c_int64]),
    "lebm_net_get_param": (c_int, [_h, c_int64, _Floats, c_int64]),
    "lebm_net_set_param": (c_int, [_h, c_int64, _Floats, c_int64]),
    "lebm_net_forward": (c_int, [_h, _Floats, c_int64, _Floats]),
    "lebm_net_vjp": (c_int, [_h, _Floats, c_int64, _Floats, _Floats, _Floats]),
    "lebm_prior_create": (c_int, [_out, _h, c_double]),
    "lebm_prior_destroy": (None, [_h]),
    "lebm_prior_net": (_h, [_h]),
    "lebm_prior_latent_size": (c_int64, [_h]),
    "lebm_prior_sigma0": (c_double, [_h]),
    "lebm_prior_log_density": (c_int, [_h, _Floats, c_int64, _Floats]),
    "lebm_prior_score": (c_int, [_h, _Floats, c_int64, _Floats]),
    "lebm_generator_create": (c_int, [_out, _h, _text, c_double]),
    "lebm_generator_create_from_spec": (c_int, [_out, _text, _text, c_double]),
    "lebm_generator_init": (c_int, [_h, _text, c_uint64]),
    "lebm_generator_spec": (_text, [_h]),
    "lebm_generator_destroy": (None, [_h]),
    "lebm_generator_net": (_h, [_h]),
    "lebm_generator_latent_size": (c_int64, [_h]),
    "lebm_generator_data_size": (c_int64, [_h]),
    "lebm_generator_data_shape": (c_int, [_h, _i64s]),
    "lebm_generator_data_range": (c_int, [_h, _f64s, _f64s]),
    "lebm_generator_data_kind": (_text, [_h]),
    "lebm_generator_param_count": (c_int64, [_h]),
    "lebm_generator_param_size": (c_int64, [_h, c_int64]),
    "lebm_generator_param_name": (_text, [_h, c_int64]),
    "lebm_generator_param_ndim": (c_int64, [_h, c_int64]),
    "lebm_generator_param_dim": (c_int64, [_h, c_int64, c_int64]),
    "lebm_generator_get_param": (c_int, [_h, c_int64, _Floats, c_int64]),
    "lebm_generator_set_param": (c_int, [_h, c_int64, _Floats, c_int64]),
    "lebm_generator_likelihood": (_text, [_h]),
    "lebm_generator_sigma": (c_double, [_h]),
    "lebm_generator_draw": (c_int, [_h, _Floats, c_int64, c_uint64, c_uint64, _Floats]),
    "lebm_generator_draw_tempered": (c_int, [_h, _Floats, c_int64, c_double, c_uint64, c_uint64, _Floats]),
    "lebm_generator_search": (c_int, [_h, _Floats, c_int64, c_int64, _Floats]),
    "lebm_generator_token_count": (c_int64, [_h]),
    "lebm_generator_token_unit": (_text, [_h]),
    "lebm_generator_token": (_text, [_h, c_int64]),
    "lebm_generator_set_vocabulary": (c_int, [_h, _text, _text]),
    "lebm_generator_vocabulary": (_text, [_h]),
    "lebm_generator_text_to_x": (c_int, [_h, _text, c_int64, _Floats]),
    "lebm_generator_x_to_text": (c_int, [_h, _Floats, c_int64, _text, c_int64, _i64s]),
    "lebm_generator_decode": (c_int, [_h, _Floats, c_int64, _Floats]),
    "lebm_generator_log_likelihood": (c_int, [_h, _Floats, _Floats, c_int64, _Floats]),
    "lebm_generator_score": (c_int, [_h, _Floats, _Floats, c_int64, _Floats]),
    "lebm_sampler_create": (c_int, [_out, _text]),
    "lebm_sampler_copy": (c_int, [_out, _h]),
    "lebm_sampler_destroy": (None, [_h]),
    "lebm_sampler_kernel": (_text, [_h]),
    "lebm_sampler_variance_count": (c_int64, [_h]),
    "lebm_sampler_get_variances": (c_int, [_h, _Floats, c_int64]),
    "lebm_sampler_set_variances": (c_int, [_h, _Floats, c_int64]),
    "lebm_sampler_run_prior": (c_int, [_h, _h, c_int64, _Floats]),
    "lebm_sampler_run_posterior": (c_int, [_h, _h, _h, _Floats, c_int64, _Floats]),
    "lebm_sampler_run_target": (c_int, [_h, _h, c_int64, _Floats]),
    "lebm_sampler_log_joint": (c_int, [_h, _h, _h, _Floats, c_int64, c_int64, c_int64, _Floats, _f64s, _f64s]),
    "lebm_sampler_suggest_prior": (c_int, [_h, _h, _Floats, c_int64, _f64s]),
    "lebm_sampler_suggest_posterior": (c_int, [_h, _h, _h, _Floats, _Floats, c_int64, _f64s]),
    "lebm_sampler_suggest_target": (c_int, [_h, _h, _Floats, c_int64, _f64s]),
    "lebm_sampler_set_traces": (c_int, [_h, _h]),
    "lebm_traces_create": (c_int, [_out, c_int64, c_int64, c_int64]),
    "lebm_traces_destroy": (None, [_h]),
    "lebm_traces_clear": (c_int, [_h]),
    "lebm_traces_chains": (c_int64, [_h]),
    "lebm_traces_length": (c_int64, [_h]),
    "lebm_traces_dims": (c_int64, [_h]),
    "lebm_traces_every": (c_int64, [_h]),
    "lebm_traces_strides": (_i64s, [_h]),
    "lebm_traces_states": (_f64s, [_h]),
    "lebm_traces_log_densities": (_f64s, [_h]),
    "lebm_traces_acceptances": (_f64s, [_h]),
    "lebm_traces_energies": (_f64s, [_h]),
    "lebm_annealing_create": (c_int, [_out, _text]),
    "lebm_annealing_destroy": (None, [_h]),
    "lebm_annealing_kernel": (_text, [_h]),
    "lebm_annealing_run_prior": (c_int, [_h, _h]),
    "lebm_annealing_run_posterior": (c_int, [_h, _h, _h, _Floats, c_int64]),
    "lebm_annealing_run_target": (c_int, [_h, _h]),
    "lebm_annealing_row_count": (c_int64, [_h]),
    "lebm_annealing_chain_count": (c_int64, [_h]),
    "lebm_annealing_result": (c_int, [_h, c_int64, _text, _f64s]),
    "lebm_annealing_log_weights": (c_int, [_h, c_int64, c_int, _f64s, c_int64]),
    "lebm_annealing_log_p": (c_int, [_h, c_int64, _h, _f64s, _f64s, _f64s]),
    "lebm_target_create": (c_int, [_out, c_int64, _DENSITY, c_void_p, c_int]),
    "lebm_target_destroy": (None, [_h]),
    "lebm_target_dims": (c_int64, [_h]),
    "lebm_trainer_create": (c_int, [_out, _h, _h, _h, _h]),
    "lebm_trainer_destroy": (None, [_h]),
    "lebm_trainer_step": (c_int, [_h, _Floats, c_int64]),
    "lebm_trainer_step_of": (c_int, [_h, _Floats, _i64s, c_int64]),
    "lebm_trainer_average": (c_int, [_h, _out, _out]),
    "lebm_trainer_end_epoch": (c_int, [_h]),
    "lebm_trainer_steps_done": (c_int64, [_h]),
    "lebm_trainer_epochs_done": (c_int64, [_h]),
    "lebm_trainer_save": (c_int, [_h, _text]),
    "lebm_trainer_save_model": (c_int, [_h, _text]),
    "lebm_trainer_load": (c_int, [_h, _text]),
    "lebm_model_create": (c_int, [_out, _out, _text, c_double, _text, _text, c_double, _text, c_uint64]),
    "lebm_model_save": (c_int, [_text, _h, _h]),
    "lebm_model_load": (c_int, [_text, _out, _out]),
    "lebm_model_load_sampler": (c_int, [_text, _text, _out]),
    "lebm_diagnostics_convergence": (c_int, [*_draws, c_int64, _f64s, _f64s, _f64s]),
    "lebm_diagnostics_nested_rhat": (c_int, [*_draws, c_int64, c_int64, _f64s, _f64s]),
    "lebm_diagnostics_mean": (c_int, [*_draws, c_int64, _f64s, _f64s, _f64s]),
    "lebm_diagnostics_sd": (c_int, [*_draws, c_int64, _f64s, _f64s]),
    "lebm_diagnostics_quantile": (c_int, [*_draws, c_double, c_int64, _f64s, _f64s]),
    "lebm_diagnostics_e_bfmi": (c_int, [_f64s, c_int64, c_int64, _i64s, c_int64, _f64s]),
}
for _name in "net", "generator", "sampler", "trainer", "annealing":
    _FUNCTIONS |= {
        f"lebm_{_name}_set_str": (c_int, [_h, _text, _text]),
        f"lebm_{_name}_get_str": (c_int, [_h, _text, POINTER(_text)]),
        f"lebm_{_name}_option_count": (c_int64, [_h]),
        f"lebm_{_name}_option_key": (_text, [_h, c_int64]),
        f"lebm_{_name}_option_type": (_text, [_h, _text]),
        f"lebm_{_name}_option_help": (_text, [_h, _text]),
        f"lebm_{_name}_option_choices": (_text, [_h, _text]),
    }
for _name in "sampler", "trainer", "annealing":
    _FUNCTIONS |= {
        f"lebm_{_name}_set_i64": (c_int, [_h, _text, c_int64]),
        f"lebm_{_name}_set_f64": (c_int, [_h, _text, c_double]),
        f"lebm_{_name}_get_i64": (c_int, [_h, _text, _i64s]),
        f"lebm_{_name}_get_f64": (c_int, [_h, _text, _f64s]),
        f"lebm_{_name}_option_bounds_i64": (c_int, [_h, _text, _i64s, _i64s, _i64s]),
        f"lebm_{_name}_option_bounds_f64": (c_int, [_h, _text, _f64s, _f64s, _f64s]),
        f"lebm_{_name}_set_progress": (c_int, [_h, _PROGRESS, c_void_p]),
    }
for _name in "sampler", "trainer":
    _FUNCTIONS[f"lebm_{_name}_metric"] = (c_int, [_h, _text, _f64s])


def _load_library() -> ctypes.CDLL:
    inside = pathlib.Path(__file__).with_name("liblatentebm.so.0")
    path = os.environ.get("LEBM_LIBRARY") or (str(inside) if inside.exists() else inside.name)
    try:
        library = ctypes.CDLL(path)
        functions = {name: getattr(library, name) for name in _FUNCTIONS}
    except (OSError, AttributeError) as error:  # there is no library, or it has no such function
        advice = "install liblatentebm and run ldconfig, or set LEBM_LIBRARY to the path of its liblatentebm.so.0"
        raise ImportError(f"{error}; {advice}") from None
    for name, (result, arguments) in _FUNCTIONS.items():
        functions[name].restype, functions[name].argtypes = result, arguments
        if result is c_int:
            functions[name].errcheck = _raise_failure
    return library


_lib = _load_library()


# Numbers, texts and arrays on their way to C.


def _converted(name: str, value: Any, convert: Callable[[Any], _Item], kind: str) -> _Item:
    """The value as `convert` makes it, which refuses other types in words that do not name the argument."""
    try:
        return convert(value)
    except TypeError:
        raise TypeError(f"{name} must be {kind}, not {type(value).__name__}") from None


def _integer(name: str, value: object, least: int = -(2**63), most: int = 2**63 - 1) -> int:
    """A whole number that fits; ctypes would cut off what does not."""
    number = _converted(name, value, operator.index, "a whole number")
    if not least <= number <= most:
        raise RangeError(f"{name} is {number}; 64 bits hold {least} to {most}")
    return number


def _real(name: str, value: float) -> c_double:
    """A number, and not its digits, which float() would take as well."""
    return _converted(name, value, c_double, "a number")


def _encoded(name: str, text: Any, encode: Callable[[Any], bytes], kind: str) -> bytes:
    """A text as C reads it, which would not see what follows a NUL."""
    try:
        encoded = _converted(name, text, encode, kind)
    except UnicodeEncodeError as error:
        raise InvalidError(f"{name} has a character that {error.encoding} does not have: {text!r}") from None
    if 0 in encoded:
        raise InvalidError(f"{name} must not have a NUL in it: {text!r}")
    return encoded


def _bytes(name: str, text: str) -> bytes:
    """A text in UTF-8."""
    return _encoded(name, text, str.encode, "a str")


def _path(path: Path) -> bytes:
    """The bytes that the system has for a path, which may be no text in any encoding."""
    return _encoded("path", path, os.fsencode, "a str, bytes or os.PathLike")


def _string(text: Optional[bytes]) -> str:
    return "" if text is None else text.decode(errors="replace")


def _numbers(values: ArrayLike) -> Array:
    """The values as C reads them: the same array if it is so already."""
    return np.require(values, np.float32, ["C", "ALIGNED"])


def _ids(values: ArrayLike, n: int) -> NDArray[np.int64]:
    """n whole numbers, as C reads them."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise ShapeError(f"ids has shape {array.shape}; allowed is ({n},)")
    if array.dtype.kind not in "iu" or (array.dtype == np.uint64 and (array > 2**63 - 1).any()):
        raise InvalidError(f"ids must be whole numbers of 64 bits, not {array.dtype}")
    return np.require(array, np.int64, ["C", "ALIGNED"])


def _long(shape: tuple[int, ...]) -> list[int]:
    """The axes longer than 1; the others do not change where a number lies."""
    return [size for size in shape if size != 1]


def _rows(name: str, values: ArrayLike, shape: tuple[int, ...], n: Optional[int] = None) -> Array:
    """An array of n rows (of any number, if n is None) of this shape, or flat, as C reads it.

    What has no shape itself, such as the output of a linear layer, may be given in any.
    """
    array = _numbers(values)
    row, width, count = array.shape[1:], math.prod(shape), "n" if n is None else n
    is_flat = min(len(_long(row)), len(_long(shape))) < 2
    fits = math.prod(row) == width if is_flat else _long(row) == _long(shape)
    if array.ndim < 2 or not fits or count not in ("n", len(array)):
        text = f"{name} has shape {array.shape}; allowed is ({count}, {width})"
        if len(_long(shape)) > 1:
            text += f" or {(count, *shape)}".replace("'", "")
        if not fits and row == (*shape[1:], shape[0]):
            text += f", as {name}.transpose(0, 3, 1, 2) is"
        raise ShapeError(text)
    return array


class _Data(NamedTuple):
    """What x of a generator is: pixels or tokens."""

    generator: weakref.ref[_Resource]  # whoever has this need not keep the generator, but somebody must
    shape: tuple[int, int, int]
    is_tokens: bool

    @classmethod
    def of(cls, generator: Generator) -> _Data:
        """That of a generator."""
        return cls(weakref.ref(generator._c), generator.data_shape, generator.data_kind == "tokens")

    def rows(self, x: Any, n: Optional[int] = None) -> Array:
        """x as C reads it: n rows, or any number."""
        return _rows("x", self.tokens(x) if self.is_tokens else x, self.shape, n)

    def tokens(self, x: Any) -> Any:
        """Rows of text or of whole numbers become rows of the generator's length; an array of floats is one already."""
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            return x
        sequences = list(x)
        if sequences and all(isinstance(sequence, str) for sequence in sequences):
            return self._of_text(sequences)
        rows = np.full((len(sequences), self.shape[-1]), PADDING, np.float32)
        for i, sequence in enumerate(sequences):
            tokens = np.asarray(sequence)
            if tokens.ndim != 1 or len(tokens) > self.shape[-1]:
                raise ShapeError(f"row {i} of x has shape {tokens.shape}; allowed are up to {self.shape[-1]} tokens")
            if len(tokens) > 0 and tokens.dtype.kind not in "iu":
                raise InvalidError(f"row {i} of x must be whole numbers or all rows text, not {tokens.dtype}")
            rows[i, : len(tokens)] = tokens
        return rows

    def _of_text(self, lines: list[str]) -> Array:
        x = np.empty((len(lines), self.shape[-1]), np.float32)
        for i, line in enumerate(lines):
            if "\n" in line:
                raise InvalidError(f"row {i} of x has a newline in it: {line!r}")
        text = "".join(f"{line}\n" for line in lines)
        generator = self.generator()
        if generator is None:
            raise StateError("the generator is closed")
        _lib.lebm_generator_text_to_x(generator, _bytes("x", text), len(lines), x)
        return x


def _room(z: Optional[Array], n: int, width: int) -> Array:
    """Room for a result that the caller may have given."""
    if z is None:
        return np.empty((max(n, 0), width), np.float32)  # C refuses an n below 1
    if not (isinstance(z, np.ndarray) and z.dtype == np.float32 and z.flags.carray):
        raise InvalidError("z is written to: it must be a float32 array that is row-major and writable")
    return _rows("z", z, (width,), n)


# Handles.


class _Resource:
    """A C object, destroyed when nothing refers to it any more, and never before one that needs it.

    Handles share resources: a trainer's needs its prior's, which lives on even if the user closed the Prior. What it
    needs is an argument of the finalizer and not an attribute: so the collector, which finalizes the members of a cycle
    in no particular order, takes it to be in use until the finalizer has run. A resource refers to nothing of the
    user's, so those references make no cycle. What a call is given is the resource, which thus lives until it returns.
    One without `destroy` is borrowed from what it needs.
    """

    def __init__(
        self, pointer: c_void_p, destroy: Optional[Callable[[c_void_p], None]], needs: tuple[_Resource, ...]
    ) -> None:
        self._as_parameter_ = pointer  # what ctypes passes to C
        self.chosen: dict[str, None] = {}  # options that the caller has set, in order
        self.finalizer = weakref.finalize(self, self._destroy, destroy, pointer, needs)
        # A thread may still be using it when the program ends. (Stubs of Python 3.9 do not know the attribute.)
        self.finalizer.atexit = False  # type: ignore[misc]

    @staticmethod
    def _destroy(
        destroy: Optional[Callable[[c_void_p], None]], pointer: c_void_p, needs: tuple[_Resource, ...]
    ) -> None:
        if destroy is not None:
            destroy(pointer)
        pointer.value = None  # to a __del__() that runs later it is NULL, which the library refuses


class _Fixed:
    """What takes no other attributes than its class has: an option set as one would be set without effect.

    Classes that are made from it elsewhere may have attributes of their own.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name) and type(self).__module__ == __name__:
            advice = f'what is set by name is set as in options["{name}"] = ...'
            raise AttributeError(f"{type(self).__name__} has no attribute '{name}'; {advice}")
        super().__setattr__(name, value)


class _Handle(_Fixed):
    """What all handles have in common: a resource, until they are closed."""

    _kind: str  # as in the names of the library's functions
    _shown: tuple[str, ...]  # properties, in its repr()
    _resource: Optional[_Resource] = None

    def _own(self, pointer: c_void_p, *needs: _Resource) -> None:
        self._resource = _Resource(pointer, self._function("destroy"), needs)

    @classmethod
    def _owner_of(cls: type[_AnyHandle], pointer: c_void_p) -> _AnyHandle:
        handle = cls.__new__(cls)
        handle._own(pointer)
        return handle

    @property
    def _c(self) -> _Resource:
        """The C object, as an argument of a call."""
        resource = self._resource
        if resource is None:
            raise StateError(f"this {type(self).__name__} is closed")
        return resource

    @classmethod
    def _of(cls, name: str, handle: object) -> _Resource:
        """The C object of an argument, which must be a handle of this class."""
        if not isinstance(handle, cls):
            raise TypeError(f"{name} must be a lebm.{cls.__name__}, not {type(handle).__name__}")
        return handle._c

    def _function(self, name: str) -> Any:
        return getattr(_lib, f"lebm_{self._kind}_{name}")

    def _results(self, name: str, shape: tuple[int, ...], *inputs: Array) -> Array:
        """What a function of some rows writes to its last argument."""
        out = np.empty(shape, np.float32)
        self._function(name)(self._c, *inputs, len(inputs[0]), out)
        return out

    def close(self) -> None:
        """Give the C object back: at once, or as soon as no trainer, net or running call needs it any more."""
        self._resource = None

    def __enter__(self: _AnyHandle) -> _AnyHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self._shown] if self._resource else ["closed"]
        return f"<lebm.{type(self).__name__} {', '.join(shown)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied: save_model() and load_model() instead")


class _View(_Fixed, MutableMapping[str, _Item]):
    """Something of a handle's as a mapping whose keys are given."""

    def __init__(self, handle: _Handle) -> None:
        self._handle = handle

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the handle."""
        return self._handle._function(name)(self._handle._c, *arguments)

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"'{key}' can be set, but not deleted")

    def __repr__(self) -> str:
        return repr(dict(self))


class Option(NamedTuple):
    """What the library says about an option."""

    type: str  #: "i64", "f64" or "str"
    help: str  #: one line
    choices: tuple[str, ...]  #: the texts that it accepts; none: any, or a number
    default: Value  #: of a text: the first of its choices, or else empty
    least: Union[int, float, None]  #: of a number; allowed itself
    most: Union[int, float, None]  #: of a number; allowed itself


_C_TYPES: dict[str, Any] = {"i64": c_int64, "f64": c_double, "str": c_char_p}
_TO_C: dict[str, Callable[[str, Any], Any]] = {"i64": _integer, "f64": _real, "str": _bytes}


class Options(_View[Value]):
    """A handle's options: dict(options) has them all, options["steps"] = 60 sets one, options.update(...) several."""

    def _type(self, key: str) -> str:
        kind = self._handle._function("option_type")(self._handle._c, _bytes("key", key))
        if kind is None:
            raise UnknownOptionError(f"{self._handle._kind} has no option '{key}'; it has {', '.join(self)}")
        return _string(kind)

    def __getitem__(self, key: str) -> Value:
        kind = self._type(key)
        value = _C_TYPES[kind]()
        self._handle._function(f"get_{kind}")(self._handle._c, key.encode(), byref(value))
        return _string(value.value) if kind == "str" else value.value

    def __setitem__(self, key: str, value: Value) -> None:
        kind = self._type(key)
        number_or_text = _TO_C[kind](f"option '{key}' of {self._handle._kind}", value)
        self._handle._function(f"set_{kind}")(self._handle._c, key.encode(), number_or_text)
        self._handle._c.chosen[key] = None

    def __iter__(self) -> Iterator[str]:
        for index in range(len(self)):
            yield _string(self._handle._function("option_key")(self._handle._c, index))

    def __len__(self) -> int:
        return self._handle._function("option_count")(self._handle._c)

    def describe(self, key: str) -> Option:
        """What the library says about an option."""
        kind, name, c = self._type(key), key.encode(), self._handle._c
        text = _string(self._handle._function("option_help")(c, name))
        if kind == "str":
            choices = _string(self._handle._function("option_choices")(c, name)).split("|")
            return Option(kind, text, tuple(filter(None, choices)), choices[0], None, None)
        numbers = [_C_TYPES[kind]() for _ in range(3)]
        self._handle._function(f"option_bounds_{kind}")(c, name, *map(byref, numbers))
        return Option(kind, text, (), *(number.value for number in numbers))


class Params(_View["Array"]):
    """Parameters by their names in PyTorch, "0.weight" and so on: dict(params) is a state_dict of arrays.

    What is read is a read-only copy; params["0.weight"] = array sets a tensor, params.update(state_dict) several.
    """

    def _index(self, name: str) -> int:
        for index, known in enumerate(self):
            if known == name:
                return index
        raise UnknownOptionError(f"{self._handle._kind} has no parameter '{name}'; it has {', '.join(self)}")

    def _shape(self, index: int) -> tuple[int, ...]:
        return tuple(self._call("param_dim", index, axis) for axis in range(self._call("param_ndim", index)))

    def __getitem__(self, name: str) -> Array:
        index = self._index(name)
        array = np.empty(self._shape(index), np.float32)
        self._call("get_param", index, array, array.size)
        array.flags.writeable = False  # or params["0.bias"][0] = 1 would seem to work
        return array

    def __setitem__(self, name: str, values: ArrayLike) -> None:
        index, array = self._index(name), _numbers(values)
        if array.shape != self._shape(index):
            raise ShapeError(f"parameter '{name}' has shape {self._shape(index)}, not {array.shape}")
        self._call("set_param", index, array, array.size)

    def _split(self, flat: Array) -> dict[str, Array]:
        """The tensors that lie one after the other in an array."""
        sizes = [self._call("param_size", index) for index in range(len(self))]
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return {name: part.reshape(self._shape(index)) for index, (name, part) in enumerate(zip(self, parts))}

    def __iter__(self) -> Iterator[str]:
        for index in range(len(self)):
            yield _string(self._call("param_name", index))

    def __len__(self) -> int:
        return self._call("param_count")


class Net(_Handle):
    """A feed-forward net: f of the prior or g of the generator (lebm/net.h).

    Its spec is a text of items separated by ";". The first is the size of the input, each other one a layer:

        in N | linear OUT [nobias] | conv_transpose2d OUT KERNEL STRIDE PADDING [nobias] | reshape C H W | reshape N
        relu | leaky_relu SLOPE | gelu | silu | mish | tanh | sigmoid | softplus

    as in "in 100; conv_transpose2d 512 4 1 0; leaky_relu 0.2; conv_transpose2d 3 4 2 1; tanh". A flat vector of N
    numbers counts as an image of N channels of one pixel, so that it may enter a transposed convolution.
    """

    _kind = "net"
    _shown = "spec", "in_features", "out_shape"

    def __init__(self, spec: str, **options: Value) -> None:
        """Make a net from a text such as "in 16; linear 200; gelu; linear 1".

        All its parameters are zero: init() it, or set its params, before samplers and trainers take it.
        """
        pointer = c_void_p()
        _lib.lebm_net_create_from_spec(byref(pointer), _bytes("spec", spec))
        self._own(pointer)
        self.options.update(options)

    @classmethod
    def _borrowed(cls, pointer: c_void_p, owner: _Resource) -> Net:
        """A handle to the net that a prior or generator holds."""
        net = cls.__new__(cls)
        net._resource = _Resource(pointer, None, (owner,))
        return net

    def init(self, scheme: str, seed: SupportsIndex) -> Net:
        """Set all parameters at random: "pytorch", "xavier_normal" or "uniform". Returns the net."""
        _lib.lebm_net_init(self._c, _bytes("scheme", scheme), _integer("seed", seed, 0, 2**64 - 1))
        return self

    def add_linear(self, out_features: SupportsIndex, bias: bool = True) -> None:
        """Append y = W x + b."""
        _lib.lebm_net_add_linear(self._c, _integer("out_features", out_features), bool(bias))

    def add_conv_transpose2d(
        self,
        out_channels: SupportsIndex,
        kernel: SupportsIndex,
        stride: SupportsIndex,
        padding: SupportsIndex,
        bias: bool = True,
    ) -> None:
        """Append a transposed convolution of an image."""
        sizes = {"out_channels": out_channels, "kernel": kernel, "stride": stride, "padding": padding}
        _lib.lebm_net_add_conv_transpose2d(self._c, *itertools.starmap(_integer, sizes.items()), bool(bias))

    def add_reshape(self, channels: SupportsIndex, height: SupportsIndex = 1, width: SupportsIndex = 1) -> None:
        """Append a change of shape."""
        sizes = {"channels": channels, "height": height, "width": width}
        _lib.lebm_net_add_reshape(self._c, *itertools.starmap(_integer, sizes.items()))

    def add_activation(self, kind: str, parameter: float = 0.0) -> None:
        """Append an activation: "relu", "leaky_relu" (whose parameter is its slope), "gelu", ..."""
        _lib.lebm_net_add_activation(self._c, _bytes("kind", kind), _real("parameter", parameter))

    @property
    def options(self) -> Options:
        """Options by name."""
        return Options(self)

    @property
    def params(self) -> Params:
        """Parameters by name."""
        return Params(self)

    @property
    def spec(self) -> str:
        """The text that makes this net again."""
        return _string(_lib.lebm_net_spec(self._c))

    @property
    def layer_forms(self) -> list[str]:
        """How each layer is computed: "direct" or "filtered"; "" for layers without a choice."""
        count = _lib.lebm_net_layer_count(self._c)
        return [_string(_lib.lebm_net_layer_form(self._c, index)) for index in range(count)]

    @property
    def in_features(self) -> int:
        """Size of the input."""
        return _lib.lebm_net_in_features(self._c)

    @property
    def out_features(self) -> int:
        """Size of the output."""
        return _lib.lebm_net_out_features(self._c)

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of the output."""
        chw = (c_int64 * 3)()
        _lib.lebm_net_out_shape(self._c, chw)
        return chw[0], chw[1], chw[2]

    def forward(self, x: ArrayLike) -> Array:
        """The net's output [n, out_features] for inputs [n, in_features]."""
        x = _rows("x", x, (self.in_features,))
        return self._results("forward", (len(x), self.out_features), x)

    def vjp(self, x: ArrayLike, grad_out: ArrayLike) -> tuple[Array, dict[str, Array]]:
        """The gradients of the sum of grad_out * forward(x), which is a product of a vector and the Jacobian.

        In x they are an array [n, in_features]; in the parameters, summed over the rows, arrays by the names and with
        the shapes that params has.
        """
        x = _rows("x", x, (self.in_features,))
        grad_out = _rows("grad_out", grad_out, self.out_shape, len(x))
        grad_in = np.empty((len(x), self.in_features), np.float32)
        grad_params = np.empty(_lib.lebm_net_param_total(self._c), np.float32)
        _lib.lebm_net_vjp(self._c, x, len(x), grad_out, grad_in, grad_params)
        return grad_in, self.params._split(grad_params)


class Prior(_Handle):
    """The energy-based prior p(z) = exp(f(z)) N(z; 0, sigma0^2 I) / Z (lebm/prior.h)."""

    _kind = "prior"
    _shown = "latent_size", "sigma0", "net"

    def __init__(self, net: Net, sigma0: float = 1.0) -> None:
        """Make a prior from the net f, which both hold from now on: no layers can be added."""
        pointer = c_void_p()
        _lib.lebm_prior_create(byref(pointer), Net._of("net", net), _real("sigma0", sigma0))
        self._own(pointer)

    @property
    def net(self) -> Net:
        """The net f."""
        return Net._borrowed(c_void_p(_lib.lebm_prior_net(self._c)), self._c)

    @property
    def latent_size(self) -> int:
        """Size M of z."""
        return _lib.lebm_prior_latent_size(self._c)

    @property
    def sigma0(self) -> float:
        """Standard deviation of p0."""
        return _lib.lebm_prior_sigma0(self._c)

    def log_density(self, z: ArrayLike) -> Array:
        """f(z) + log p0(z) of each row, which is log p(z) without the constant log Z: [n]."""
        z = _rows("z", z, (self.latent_size,))
        return self._results("log_density", (len(z),), z)

    def score(self, z: ArrayLike) -> Array:
        """d log p(z)/dz of each row: [n, M]."""
        z = _rows("z", z, (self.latent_size,))
        return self._results("score", (len(z), self.latent_size), z)


class Generator(_Handle):
    """The generator p(x|z): a decoder and a likelihood (lebm/generator.h).

    The decoder of pixels is a net g. That of tokens is a recurrent net (lebm/tokens.h), made of a spec:

        generator = lebm.Generator.from_spec("in 32; embedding 256; lstm 256; tokens 10000 82").init("pytorch", 1)

    x of tokens is an array of floats [n, D], with -1 (lebm.PADDING) behind the end of a sequence. Wherever x is given it
    may as well be rows of whole numbers, in an array or in lists of any length, or, with a vocabulary, a list of str.
    """

    _kind = "generator"
    _shown = "latent_size", "data_shape", "likelihood", "sigma", "spec"

    def __init__(self, net: Net, likelihood: str, sigma: float = 0.0, **options: Value) -> None:
        """Make a generator from the net g, which both hold from now on: no layers can be added.

        likelihood is "gaussian", with noise of standard deviation sigma, or "bernoulli", which has no sigma. The class
        says which options there are.
        """
        pointer = c_void_p()
        arguments = Net._of("net", net), _bytes("likelihood", likelihood), _real("sigma", sigma)
        _lib.lebm_generator_create(byref(pointer), *arguments)
        self._own(pointer)
        self.options.update(options)

    @classmethod
    def from_spec(cls, spec: str, likelihood: str = "categorical", sigma: float = 0.0, **options: Value) -> Generator:
        """Make a generator from the spec of its decoder, which for "categorical" is a recurrent net of tokens.

        All its parameters are zero: init() it, or set its params, before samplers and trainers take it.
        """
        pointer = c_void_p()
        arguments = _bytes("spec", spec), _bytes("likelihood", likelihood), _real("sigma", sigma)
        _lib.lebm_generator_create_from_spec(byref(pointer), *arguments)
        generator = cls._owner_of(pointer)
        generator.options.update(options)
        return generator

    def init(self, scheme: str, seed: SupportsIndex) -> Generator:
        """Set all parameters at random: "pytorch", "xavier_normal" or "uniform". Returns the generator."""
        _lib.lebm_generator_init(self._c, _bytes("scheme", scheme), _integer("seed", seed, 0, 2**64 - 1))
        return self

    @property
    def options(self) -> Options:
        """Options by name."""
        return Options(self)

    @property
    def params(self) -> Params:
        """Parameters by name."""
        return Params(self)

    @property
    def spec(self) -> str:
        """The text that makes its decoder again."""
        return _string(_lib.lebm_generator_spec(self._c))

    @property
    def net(self) -> Net:
        """The net g; a generator of tokens has none."""
        pointer = _lib.lebm_generator_net(self._c)
        if pointer is None:
            raise UnsupportedError("a generator of tokens has no net: its parameters are those of the generator itself")
        return Net._borrowed(c_void_p(pointer), self._c)

    @property
    def latent_size(self) -> int:
        """Size M of z."""
        return _lib.lebm_generator_latent_size(self._c)

    @property
    def data_size(self) -> int:
        """Size D of x."""
        return _lib.lebm_generator_data_size(self._c)

    @property
    def data_shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of x."""
        chw = (c_int64 * 3)()
        _lib.lebm_generator_data_shape(self._c, chw)
        return chw[0], chw[1], chw[2]

    @property
    def data_kind(self) -> str:
        """What x is: "pixels" or "tokens"."""
        return _string(_lib.lebm_generator_data_kind(self._c))

    @property
    def data_range(self) -> tuple[float, float]:
        """Least and largest value that the mean of x, and so a pixel, can have; infinite where there is no bound."""
        low, high = c_double(), c_double()
        _lib.lebm_generator_data_range(self._c, byref(low), byref(high))
        return low.value, high.value

    @property
    def likelihood(self) -> str:
        """Name of the likelihood."""
        return _string(_lib.lebm_generator_likelihood(self._c))

    @property
    def sigma(self) -> float:
        """Standard deviation of the Gaussian's noise; 0 for a likelihood without one."""
        return _lib.lebm_generator_sigma(self._c)

    @property
    def token_count(self) -> int:
        """Number V of tokens; 0 if x is no tokens."""
        return _lib.lebm_generator_token_count(self._c)

    @property
    def token_unit(self) -> str:
        """What tokens are: "words" or "characters"; "" without a vocabulary."""
        return _string(_lib.lebm_generator_token_unit(self._c))

    @property
    def vocabulary(self) -> list[str]:
        """The words of all tokens; none without a vocabulary."""
        words = _string(_lib.lebm_generator_vocabulary(self._c)).split("\n")
        return words[:-1]

    def set_vocabulary(self, words: Iterable[str], unit: str = "words") -> Generator:
        """Give the tokens their words, by which text becomes x. Returns the generator."""
        lines = list(words)
        for index, line in enumerate(lines):
            if not isinstance(line, str) or "\n" in line:
                raise InvalidError(f"word {index} must be a str without a newline, not {line!r}")
        text = "".join(f"{line}\n" for line in lines)
        _lib.lebm_generator_set_vocabulary(self._c, _bytes("unit", unit), _bytes("words", text))
        return self

    def tokens(self, x: Any) -> Array:
        """x of tokens [n, D], of text or of rows of whole numbers."""
        return _Data.of(self).rows(x)

    def text(self, x: Any) -> list[str]:
        """The text of each row of x."""
        rows, length = self.tokens(x), c_int64()
        _lib.lebm_generator_x_to_text(self._c, rows, len(rows), None, 0, byref(length))
        text = ctypes.create_string_buffer(length.value + 1)
        _lib.lebm_generator_x_to_text(self._c, rows, len(rows), text, len(text), byref(length))
        return _string(text.value).split("\n")[:-1]

    def decode(self, z: ArrayLike) -> Array:
        """The mean of x, or the most probable token at each place, given each row of z: [n, D]."""
        z = _rows("z", z, (self.latent_size,))
        return self._results("decode", (len(z), self.data_size), z)

    def draw(
        self, z: ArrayLike, seed: SupportsIndex = 0, stream: SupportsIndex = 0, temperature: Optional[float] = None
    ) -> Array:
        """x drawn from p(x|z) given each row of z, by the random numbers of seed and stream: [n, D].

        Tokens may be drawn at a temperature: below 1 they keep to what is probable.
        """
        z = _rows("z", z, (self.latent_size,))
        x = np.empty((len(z), self.data_size), np.float32)
        key = _integer("seed", seed, 0, 2**64 - 1), _integer("stream", stream, 0, 2**64 - 1)
        if temperature is None:
            _lib.lebm_generator_draw(self._c, z, len(z), *key, x)
        else:
            _lib.lebm_generator_draw_tempered(self._c, z, len(z), _real("temperature", temperature), *key, x)
        return x

    def search(self, z: ArrayLike, beam_width: SupportsIndex = 5) -> Array:
        """The most probable tokens that a beam search of this width finds given each row of z: [n, D]."""
        z = _rows("z", z, (self.latent_size,))
        x = np.empty((len(z), self.data_size), np.float32)
        _lib.lebm_generator_search(self._c, z, len(z), _integer("beam_width", beam_width), x)
        return x

    def log_likelihood(self, z: ArrayLike, x: Any) -> Array:
        """log p(x|z) of each row: [n]."""
        z = _rows("z", z, (self.latent_size,))
        x = _Data.of(self).rows(x, len(z))
        return self._results("log_likelihood", (len(z),), z, x)

    def score(self, z: ArrayLike, x: Any) -> Array:
        """d log p(x|z)/dz of each row: [n, M]."""
        z = _rows("z", z, (self.latent_size,))
        x = _Data.of(self).rows(x, len(z))
        return self._results("score", (len(z), self.latent_size), z, x)


def _answers(callback: Optional[Progress], raised: list[BaseException]) -> PythonGenerator[int, float, None]:
    """Answers the library's progress calls, one for each value sent: 0 to go on, 1 to stop.

    A signal that came while C was running, such as Ctrl-C, is handled by the first Python code that runs in the main
    thread, before a function that the library calls has come to its `try`; ctypes would print its KeyboardInterrupt and
    drop it. A generator wakes up within its `try`, so whatever is raised is kept, and raised again after the call.
    """
    answer = 0
    while True:
        try:
            while True:
                done = yield answer
                answer = int(callback is not None and bool(callback(done)))
        except GeneratorExit:
            return
        except BaseException as error:
            # Without the generator's own frame: traceback.clear_frames(), which unittest calls, would end it.
            raised.append(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            answer = 1


def _memory(address: int, kind: Any, shape: tuple[int, ...]) -> Any:
    """C's numbers at an address as an array."""
    return np.frombuffer((kind * math.prod(shape)).from_address(address), kind).reshape(shape)


def _write(name: str, values: Any, memory: Any) -> None:
    """Give C what a density has computed."""
    array = np.asarray(values)
    if array.shape != memory.shape:
        raise ShapeError(f"the density gives a {name} of shape {array.shape}; it must be {memory.shape}")
    memory[:] = array


def _evaluator(density: Density, dims: int, raised: threading.local) -> Callable[[int, int, int, int], int]:
    """What C calls: 0 to go on, 1 to stop, with what the density raised in the list of the thread's run.

    A Ctrl-C that comes before the `try` is printed and dropped by ctypes. The log densities of that call are none then.
    """

    def evaluate(z: int, n: int, log_density: int, score: int) -> int:
        try:
            states = _memory(z, c_float, (n, dims)).copy()  # the density may keep it
            log_densities, scores = density(states)
            _write("score", scores, _memory(score, c_float, (n, dims)))
            _write("log density", log_densities, _memory(log_density, c_double, (n,)))
            return 0
        except BaseException as error:
            raised.list.append(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            return 1

    return evaluate


class Target(_Handle):
    """A density of one's own, for Sampler.run_target() (lebm/target.h).

        def normal(z):  # float32 [n, 2]
            return -0.5 * (z**2).sum(1, dtype=float), -z

        z = lebm.Sampler("hmc", steps=100).run_target(lebm.Target(2, normal), 1000)

    The function is given the states of some chains, an array of its own of finite numbers, and returns their log
    densities [n], up to a constant, in double precision, and the gradients of these [n, dims]. Where there is no density it
    is -inf. What it raises ends the run.
    """

    _kind = "target"
    _shown = ("dims",)

    def __init__(self, dims: SupportsIndex, density: Density) -> None:
        """Make a target for states of `dims` numbers."""
        if not callable(density):
            raise TypeError(f"density must be something to call, not {type(density).__name__}")
        pointer, count = c_void_p(), _integer("dims", dims)
        self._raised = threading.local()
        self._evaluate = _DENSITY(_evaluator(density, count, self._raised))  # as long as there are runs of it
        _lib.lebm_target_create(byref(pointer), count, self._evaluate, None, 0)
        self._own(pointer)

    @property
    def dims(self) -> int:
        """Numbers of a state."""
        return _lib.lebm_target_dims(self._c)

    @contextlib.contextmanager
    def _collect(self) -> Iterator[list[BaseException]]:
        """A list for what the density raises in a run on this thread, which may be within another run of it."""
        outer = getattr(self._raised, "list", None)
        self._raised.list = []
        try:
            yield self._raised.list
        finally:
            self._raised.list = outer


class Traces(_Handle):
    """What chains were at their steps, filled by the runs of a sampler (lebm/traces.h).

        sampler = lebm.Sampler("hmc", steps=1000, warmup=100)
        sampler.traces = traces = lebm.Traces(1000)
        sampler.run_prior(prior, 4)
        print(lebm.convergence(traces.states))

    A draw is what a chain was after so many steps (`every`). A run that continues the last one (option start) appends, others
    begin anew; one that fails or is stopped changes nothing. When there are more draws than the capacity, every second one is
    dropped and `every` doubles. Arrays are copies, float64, [chains, draws] or [chains, draws, dims].
    """

    _kind = "traces"
    _shown = "chains", "length", "dims", "every"

    def __init__(self, capacity: SupportsIndex, every: SupportsIndex = 1, chains: SupportsIndex = 0) -> None:
        """Make traces of up to `capacity` draws of each chain, or of the first so many chains."""
        pointer, numbers = c_void_p(), {"capacity": capacity, "every": every, "chains": chains}
        _lib.lebm_traces_create(byref(pointer), *(_integer(name, number) for name, number in numbers.items()))
        self._lock = threading.RLock()  # of those who read, and of a run, whose own callbacks may read
        self._own(pointer)

    @property
    def chains(self) -> int:
        """Chains recorded; 0 if there are no draws."""
        return _lib.lebm_traces_chains(self._c)

    @property
    def length(self) -> int:
        """Draws of each chain."""
        return _lib.lebm_traces_length(self._c)

    @property
    def dims(self) -> int:
        """Numbers of a state; 0 if there are no draws."""
        return _lib.lebm_traces_dims(self._c)

    @property
    def every(self) -> int:
        """Steps from one draw to the next."""
        return _lib.lebm_traces_every(self._c)

    @property
    def states(self) -> Doubles:
        """The states: [chains, draws, dims]."""
        return self._read("states", 3)

    @property
    def log_densities(self) -> Doubles:
        """The log densities there: [chains, draws]."""
        return self._read("log_densities", 2)

    @property
    def acceptances(self) -> Doubles:
        """Probabilities with which the steps to the draws were accepted: [chains, draws]; NaN where there was no test."""
        return self._read("acceptances", 2)

    @property
    def energies(self) -> Doubles:
        """Energies of hmc, for e_bfmi(), which wants those of each step: [chains, draws]; NaN of other kernels."""
        return self._read("energies", 2)

    def clear(self) -> None:
        """Drop all draws: the next run begins the traces anew."""
        with self._lock:
            _lib.lebm_traces_clear(self._c)

    def _read(self, name: str, axes: int) -> Doubles:
        with self._lock:
            c, shape = self._c, (self.chains, self.length, self.dims)[:axes]
            if self.length == 0:
                return np.empty(shape)
            strides = _lib.lebm_traces_strides(c)[:axes]
            count = 1 + sum((size - 1) * stride for size, stride in zip(shape, strides))
            lie = (c_double * count).from_address(ctypes.addressof(self._function(name)(c).contents))
            return np.ndarray(shape, np.float64, lie, 0, [8 * stride for stride in strides]).copy()


class _Runner(_Handle):
    """What samplers, trainers and annealings have in common: options, and calls that take long."""

    _progress: Optional[Progress] = None

    def _own(self, pointer: c_void_p, *needs: _Resource) -> None:
        super()._own(pointer, *needs)
        self._lock = threading.Lock()
        self._running: Optional[weakref.ref[Any]] = None  # the answers of the call that runs

    @property
    def progress(self) -> Optional[Progress]:
        """Called now and then with the fraction done: a true answer stops the call, which raises what this raises."""
        return self._progress

    @progress.setter
    def progress(self, callback: Optional[Progress]) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"progress must be something to call, or None, not {type(callback).__name__}")
        self._progress = callback

    def _run(self, name: str, *arguments: Any, raised: Optional[list[BaseException]] = None) -> None:
        """Make a call that takes long. What callbacks raise is in `raised`, and is raised again."""
        raised = [] if raised is None else raised
        answers = _answers(self.progress, raised)
        next(answers)
        answer = _PROGRESS(answers.send)  # C calls it until this call returns, and the next call has its own
        c, failure = self._c, None
        with self._lock:  # C would go on calling the function of a call that was refused
            self._check_idle()
            self._running = weakref.ref(answers)  # which ends with this call, at whatever moment Ctrl-C comes
        try:
            with self._recording():
                self._function("set_progress")(c, answer, None)
                self._function(name)(c, *arguments)
        except LebmError as error:
            failure = raised.pop() if raised else error
        finally:
            self._running = None
        if failure is not None:
            try:
                raise failure  # here, where it gets no context: the user's exception stays as it was
            finally:
                del failure  # or its traceback would keep this frame and its arrays

    def _check_idle(self) -> None:
        if self._running is not None and self._running() is not None:
            text = f"{self._kind} is running, in another thread or in the call that this callback belongs to"
            raise StateError(text)

    def _recording(self) -> contextlib.AbstractContextManager[Any]:
        """What a call that takes long needs to itself."""
        return contextlib.nullcontext()

    @property
    def options(self) -> Options:
        """Options by name."""
        return Options(self)


class _MeasuredRunner(_Runner):
    """What samplers and trainers have in common besides: metrics."""

    def metric(self, key: str) -> float:
        """A metric of the last run or step; the class says which there are."""
        value = c_double()
        self._function("metric")(self._c, _bytes("key", key), byref(value))
        return value.value


class LogJoint(NamedTuple):
    """What Sampler.log_joint() finds, in nats; the log of the joint density is the sum of the first two."""

    log_likelihood: Doubles  #: log p(x|z), [n]
    log_prior: Doubles  #: f(z) + log p0(z), [n]
    z: Array  #: where the chains ended, [chains, n, M]


class Sampler(_MeasuredRunner):
    """A transition kernel, which draws latent vectors from a prior or posterior (lebm/sampler.h).

    Kernels are "langevin", and with a test that makes them exact "mala" and "hmc". Metrics of the last run, means over the
    chains where they were evaluated last:

        log_density: f(z) + log p0(z), plus log p(x|z) for the posterior
        score_norm: Euclidean norm of its gradient in z

    and of all its steps, which langevin has with measure_acceptance=1 alone, but for the last:

        acceptance: probability with which a step is accepted, mean over the chains; of langevin, by a test
        acceptance_min: the same of the chain with the least
        acceptance_q10: the 10 % quantile over the chains
        energy_error: mean of |log r|, with r the ratio that a test accepts a step by
        step_size: that of the last step
    """

    _kind = "sampler"
    _shown = "kernel", "options"
    _traces: Optional[Traces] = None

    def __init__(self, kernel: str = "langevin", **options: Value) -> None:
        """Make a sampler; the class says which options there are."""
        pointer = c_void_p()
        _lib.lebm_sampler_create(byref(pointer), _bytes("kernel", kernel))
        self._own(pointer)
        self.options.update(options)

    def copy(self) -> "Sampler":
        """Make a sampler with the same kernel, options and variances."""
        pointer = c_void_p()
        _lib.lebm_sampler_copy(byref(pointer), self._c)
        return Sampler._owner_of(pointer)

    @property
    def kernel(self) -> str:
        """Name of the kernel."""
        return _string(_lib.lebm_sampler_kernel(self._c))

    def run_prior(self, prior: Prior, n: SupportsIndex, z: Optional[Array] = None) -> Array:
        """Draw n latent vectors from the prior: [n, M].

        z is where they go, a new array if there is none; unless the option start is "noise", chains start from it.
        """
        model, n = Prior._of("prior", prior), _integer("n", n)
        z = self._start(z, n, prior.latent_size)
        self._run("run_prior", model, n, z)
        return z

    def run_posterior(self, prior: Prior, generator: Generator, x: Any, z: Optional[Array] = None) -> Array:
        """Draw a latent vector from the posterior of each row of x: [n, M]; z as for run_prior()."""
        model = Prior._of("prior", prior), Generator._of("generator", generator)
        x = _Data.of(generator).rows(x)
        z = self._start(z, len(x), prior.latent_size)
        self._run("run_posterior", *model, x, len(x), z)
        return z

    def run_target(self, target: Target, n: SupportsIndex, z: Optional[Array] = None) -> Array:
        """Draw n states from a density of one's own: [n, dims]; z as for run_prior()."""
        resource, n = Target._of("target", target), _integer("n", n)
        z = self._start(z, n, target.dims)
        with target._collect() as raised:
            self._run("run_target", resource, n, z, raised=raised)
        return z

    def log_joint(
        self,
        prior: Prior,
        generator: Generator,
        x: Any,
        chains: SupportsIndex = 1,
        z: Optional[Array] = None,
        first_row: SupportsIndex = 0,
    ) -> LogJoint:
        """Score each row of x by log p(x, z) = log p(x|z) + f(z) + log p0(z) at z drawn from its posterior.

        The two parts are means over the chains of a row, and of p itself at any temperature and likelihood_weight, though
        z is drawn from what these make of the posterior. z is as for run_prior(), but for all chains. The sampler stays
        as it was, its stream as well: what x scores does not depend on calls before. Rows that are a piece of many have
        a first_row, which keys their random numbers.
        """
        model = Prior._of("prior", prior), Generator._of("generator", generator)
        x = _Data.of(generator).rows(x)
        n, chains = len(x), _integer("chains", chains)
        z = self._start(z, chains, n * prior.latent_size)
        parts = np.empty(n), np.empty(n)
        places = (part.ctypes.data_as(_f64s) for part in parts)
        self._run("log_joint", *model, x, n, _integer("first_row", first_row), chains, z, *places)
        return LogJoint(*parts, z.reshape(chains, n, prior.latent_size))

    def suggest_prior(self, prior: Prior, z: ArrayLike) -> float:
        """Suggest a step size to begin with, from the curvature of the prior at the states z [n, M]."""
        model, z = Prior._of("prior", prior), _rows("z", z, (prior.latent_size,))
        step_size = c_double()
        self._run("suggest_prior", model, z, len(z), byref(step_size))
        return step_size.value

    def suggest_posterior(self, prior: Prior, generator: Generator, x: Any, z: ArrayLike) -> float:
        """Suggest one from the curvature of the posterior of each row of x, at its row of z [n, M]."""
        model = Prior._of("prior", prior), Generator._of("generator", generator)
        x = _Data.of(generator).rows(x)
        z = _rows("z", z, (prior.latent_size,), len(x))
        step_size = c_double()
        self._run("suggest_posterior", *model, x, z, len(x), byref(step_size))
        return step_size.value

    def suggest_target(self, target: Target, z: ArrayLike) -> float:
        """Suggest one from the curvature of a density of one's own at the states z [n, dims]."""
        resource, z = Target._of("target", target), _rows("z", z, (target.dims,))
        step_size = c_double()
        with target._collect() as raised:
            self._run("suggest_target", resource, z, len(z), byref(step_size), raised=raised)
        return step_size.value

    @property
    def variances(self) -> Optional[Array]:
        """Those of the preconditioner, which a warm-up learns or which are set: [M]; None: there are none yet."""
        count = _lib.lebm_sampler_variance_count(self._c)
        if count == 0:
            return None
        variances = np.empty(count, np.float32)
        _lib.lebm_sampler_get_variances(self._c, variances, count)
        return variances

    @variances.setter
    def variances(self, variances: ArrayLike) -> None:
        array = _numbers(variances)
        if array.ndim != 1:
            raise ShapeError(f"variances has shape {array.shape}; allowed is (M,)")
        _lib.lebm_sampler_set_variances(self._c, array, len(array))

    @property
    def traces(self) -> Optional[Traces]:
        """Traces that runs fill, which one sampler has at a time; None: there are none."""
        return self._traces

    @traces.setter
    def traces(self, traces: Optional[Traces]) -> None:
        with self._lock:
            self._check_idle()
            _lib.lebm_sampler_set_traces(self._c, None if traces is None else Traces._of("traces", traces))
            self._traces = traces

    def _recording(self) -> contextlib.AbstractContextManager[Any]:
        if self._traces is None:
            return contextlib.nullcontext()
        return self._traces._lock

    def _start(self, z: Optional[Array], n: int, width: int) -> Array:
        if z is None and self.options["start"] != "noise":
            raise InvalidError(f"the option start is '{self.options['start']}', but z is not given")
        return _room(z, n, width)


class Trainer(_MeasuredRunner):
    """Learns a prior and a generator by maximum likelihood (lebm/trainer.h).

    Metrics of the last step, means over the batch before the update, with z+ of the posterior and z- of the prior:

        reconstruction_mse: (x - decode(z+))^2 for each number of x, if these are pixels
        reconstruction_nll: -log p(x|z+) for each token and end, if x is tokens
        log_likelihood: log p(x|z+)
        f_positive, f_negative, f_gap: f(z+), f(z-) and their difference
        prior_grad_norm, generator_grad_norm: norms of the gradients of f and g, before clipping
        images_per_second: rows of the batch by the duration of the step
    """

    _kind = "trainer"
    _shown = "steps_done", "epochs_done", "options"

    def __init__(
        self, prior: Prior, generator: Generator, to_prior: Sampler, to_posterior: Sampler, **options: Value
    ) -> None:
        """Make a trainer of the model; the class says which options there are.

        It uses the samplers' options as they are at each step.
        """
        pointer = c_void_p()
        model = Prior._of("prior", prior), Generator._of("generator", generator)
        needs = *model, Sampler._of("to_prior", to_prior), Sampler._of("to_posterior", to_posterior)
        _lib.lebm_trainer_create(byref(pointer), *needs)
        self._own(pointer, *needs)
        self._samplers = ("to_prior", to_prior), ("to_posterior", to_posterior)
        self._data = _Data.of(generator)
        self.options.update(options)

    def step(self, x: Any, ids: Optional[ArrayLike] = None) -> None:
        """One step of maximum likelihood on a batch [n, D].

        With the option posterior_chains at "kept" row i is observation ids[i], less than the option observations: its
        chain goes on from where the last step that had it left it.
        """
        x = self._data.rows(x)
        if ids is None:
            self._run("step", x, len(x))
        else:
            numbers = _ids(ids, len(x))
            self._run("step_of", x, numbers.ctypes.data_as(_i64s), len(x))

    def average(self) -> tuple[Prior, Generator]:
        """Make a model of the averages of the parameters, which the option average_decay asks for."""
        prior, generator = c_void_p(), c_void_p()
        _lib.lebm_trainer_average(self._c, byref(prior), byref(generator))
        return Prior._owner_of(prior), Generator._owner_of(generator)

    def end_epoch(self) -> None:
        """End an epoch: learning rates are those options times decay_per_epoch to the number of epochs done."""
        _lib.lebm_trainer_end_epoch(self._c)

    @property
    def steps_done(self) -> int:
        """Number of steps that succeeded."""
        return _lib.lebm_trainer_steps_done(self._c)

    @property
    def epochs_done(self) -> int:
        """Number of epochs ended."""
        return _lib.lebm_trainer_epochs_done(self._c)

    def save(self, path: Path) -> None:
        """Save a checkpoint, from which training goes on as if it had never stopped."""
        _lib.lebm_trainer_save(self._c, _path(path))

    def save_model(self, path: Path) -> None:
        """Save the model, or that of its averages if there are any, with the settings of its samplers."""
        _lib.lebm_trainer_save_model(self._c, _path(path))

    def load(self, path: Path) -> None:
        """Go on from a checkpoint: make a model, samplers and a trainer of the same form as those saved, then load.

        Parameters, steps and epochs are then those saved, and so are all options of the trainer and its samplers but
        threads. A UserWarning says which of those that you had set have another value now, but for step sizes that
        follow a sigma that is learned; to change one for the rest of the training, set it after load().
        """
        runners = {name: runner for name, runner in (("trainer", self), *self._samplers) if runner._resource}
        before = {name: {key: runner.options[key] for key in runner._c.chosen} for name, runner in runners.items()}
        _lib.lebm_trainer_load(self._c, _path(path))
        follow_sigma = ("step_size", "last_step_size") if self.options["sigma_learning_rate"] else ()
        changed = []
        for name, runner in runners.items():
            for key, was in before[name].items():
                if runner.options[key] != was and not (name == "to_posterior" and key in follow_sigma):
                    changed.append(f"{key} of {name} is {runner.options[key]!r}, was {was!r}")
            runner._c.chosen.clear()
        if changed:
            text = f"load() set options to what was saved: {'; '.join(changed)}. Set after load() what is to differ."
            warnings.warn(text, stacklevel=2)


class LogP(NamedTuple):
    """What Annealing.log_p() finds, in nats."""

    lower: float
    upper: float
    error: float  #: standard error of the middle


class Annealing(_Runner):
    """How probable x is, by annealed importance sampling: log Z of a prior, log p(x) (lebm/annealing.h).

    The kernel is "hmc" or "mala". Results of a row, in nats, "forward" from below and "reverse" from above:

        forward, reverse: log Z, or log Z(x) = log p(x) + log Z
        forward_error, reverse_error: standard errors
        forward_group_error, reverse_group_error: the same, by the spread of the groups' means
        forward_ess, reverse_ess: how many chains the weights are worth
        forward_largest, reverse_largest: share of the largest weight
        forward_integral, reverse_integral: the same quantity by thermodynamic integration
        forward_integral_error, reverse_integral_error: its standard errors
        forward_acceptance, reverse_acceptance: of the kernel's steps
        groups_rhat: nested R-hat over the groups where reverse chains start: near 1 if they agree
        rungs: temperatures that pilot chains took
    """

    _kind = "annealing"
    _shown = "kernel", "options"

    def __init__(self, kernel: str = "hmc", **options: Value) -> None:
        """Make one; the class says which options there are."""
        pointer = c_void_p()
        _lib.lebm_annealing_create(byref(pointer), _bytes("kernel", kernel))
        self._own(pointer)
        self.options.update(options)

    @property
    def kernel(self) -> str:
        """Name of the kernel."""
        return _string(_lib.lebm_annealing_kernel(self._c))

    def run_prior(self, prior: Prior) -> None:
        """Estimate log Z of a prior: one row."""
        self._run("run_prior", Prior._of("prior", prior))

    def run_posterior(self, prior: Prior, generator: Generator, x: Any) -> None:
        """Estimate log Z(x) of each row of x."""
        model = Prior._of("prior", prior), Generator._of("generator", generator)
        x = _Data.of(generator).rows(x)
        self._run("run_posterior", *model, x, len(x))

    def run_target(self, target: Target) -> None:
        """Estimate the log of the integral of a density of one's own: one row."""
        resource = Target._of("target", target)
        with target._collect() as raised:
            self._run("run_target", resource, raised=raised)

    @property
    def row_count(self) -> int:
        """Rows of the last run; 0: there was none."""
        return _lib.lebm_annealing_row_count(self._c)

    def result(self, key: str, row: SupportsIndex = 0) -> float:
        """A result of a row; the class says which there are. One that the weights do not carry raises StateError."""
        value = c_double()
        _lib.lebm_annealing_result(self._c, _integer("row", row), _bytes("key", key), byref(value))
        return value.value

    def log_weights(self, row: SupportsIndex = 0, reverse: bool = False) -> Doubles:
        """The logs of a row's weights w, of reverse chains those of 1/w: [chains]."""
        count = _lib.lebm_annealing_chain_count(self._c)
        out = np.empty(count)
        place = out.ctypes.data_as(_f64s)
        _lib.lebm_annealing_log_weights(self._c, _integer("row", row), bool(reverse), place, count)
        return out

    def log_p(self, of_prior: Annealing, row: SupportsIndex = 0) -> LogP:
        """The bracket of log p(x) of a row, with log Z by another Annealing, whose last run was to the prior."""
        values = c_double(), c_double(), c_double()
        other = Annealing._of("of_prior", of_prior)
        _lib.lebm_annealing_log_p(self._c, _integer("row", row), other, *map(byref, values))
        return LogP(*(value.value for value in values))


def create_model(
    f_spec: str,
    g_spec: str,
    likelihood: str,
    sigma: float = 0.0,
    sigma0: float = 1.0,
    scheme: str = "pytorch",
    seed: SupportsIndex = 0,
) -> tuple[Prior, Generator]:
    """Make a model of two specs, with parameters at random: as Net.init() gives them, f's by seed, g's by seed + 1."""
    prior, generator = c_void_p(), c_void_p()
    of_f = _bytes("f_spec", f_spec), _real("sigma0", sigma0)
    of_g = _bytes("g_spec", g_spec), _bytes("likelihood", likelihood), _real("sigma", sigma)
    start = _bytes("scheme", scheme), _integer("seed", seed, 0, 2**64 - 1)
    _lib.lebm_model_create(byref(prior), byref(generator), *of_f, *of_g, *start)
    return Prior._owner_of(prior), Generator._owner_of(generator)


def save_model(path: Path, prior: Prior, generator: Generator) -> None:
    """Save a model (lebm/model.h)."""
    _lib.lebm_model_save(_path(path), Prior._of("prior", prior), Generator._of("generator", generator))


def load_model(path: Path) -> tuple[Prior, Generator]:
    """Load a model from a model file or checkpoint."""
    prior, generator = c_void_p(), c_void_p()
    _lib.lebm_model_load(_path(path), byref(prior), byref(generator))
    return Prior._owner_of(prior), Generator._owner_of(generator)


def load_sampler(path: Path, role: str) -> Sampler:
    """Make the sampler that a model was trained with: role is "to_prior" or "to_posterior"."""
    sampler = c_void_p()
    _lib.lebm_model_load_sampler(_path(path), _bytes("role", role), byref(sampler))
    return Sampler._owner_of(sampler)


# Diagnostics. Draws are [chains, draws] of one number or [chains, draws, ...] of several; results have the shape of the
# last axes, and are NumPy's float64 where there are none.


class Convergence(NamedTuple):
    """What convergence() finds."""

    rhat: Any  #: 1 where the chains agree; at most 1.01 is good
    ess_bulk: Any  #: effective sample size for the centre; at least 400 is good
    ess_tail: Any  #: effective sample size for the quantiles at 5 % and 95 %


class NestedRhat(NamedTuple):
    """What nested_rhat() finds."""

    raw: Any  #: of the draws as they are, as R's posterior computes it
    ranked: Any  #: of ranks of chains in halves, as ArviZ computes it; NaN for chains of less than four draws


class MeanError(NamedTuple):
    """What mean_error() finds."""

    mean: Any
    mcse: Any  #: Monte Carlo standard error of the mean
    autocorrelation_time: Any  #: draws that count as one


class SdError(NamedTuple):
    """What sd_error() finds."""

    sd: Any
    mcse: Any  #: Monte Carlo standard error of the standard deviation


class QuantileError(NamedTuple):
    """What quantile_error() finds."""

    quantile: Any
    mcse: Any  #: Monte Carlo standard error of the quantile


def _doubles(name: str, values: ArrayLike, axes: str) -> Doubles:
    """An array of at least two axes, whose strides are whole numbers of doubles: where it lies, if it is so already."""
    array = np.require(values, np.float64, ["ALIGNED"])
    if array.ndim < 2:
        raise ShapeError(f"{name} has shape {array.shape}; allowed is {axes}")
    return np.ascontiguousarray(array) if any(stride % 8 for stride in array.strides) else array


def _measured(function: Any, values: ArrayLike, results: int, *numbers: Any, threads: SupportsIndex) -> list[Any]:
    """The results of a function on draws."""
    draws = _doubles("draws", values, "(chains, draws) or (chains, draws, ...)")
    flat = draws.reshape(*draws.shape[:2], math.prod(draws.shape[2:]))
    strides = (c_int64 * 3)(*(stride // 8 for stride in flat.strides))
    out = [np.full(flat.shape[2], np.nan) for _ in range(results)]
    pointers = [array.ctypes.data_as(_f64s) for array in out]
    function(flat.ctypes.data_as(_f64s), *flat.shape, strides, *numbers, _integer("threads", threads), *pointers)
    return [array.reshape(draws.shape[2:])[()] for array in out]


def convergence(draws: ArrayLike, threads: SupportsIndex = 0) -> Convergence:
    """R-hat and effective sample sizes: whether chains agree and are long enough (lebm/diagnostics.h)."""
    return Convergence(*_measured(_lib.lebm_diagnostics_convergence, draws, 3, threads=threads))


def _by_superchain(draws: ArrayLike, superchains: ArrayLike) -> tuple[ArrayLike, int]:
    """The draws with the chains of each superchain side by side, and the number of superchains."""
    names, counts = np.unique(superchains, return_counts=True)
    if np.shape(superchains) != np.shape(draws)[:1] or (counts != counts[0]).any():
        raise ShapeError("superchains must be their number, or say for each chain which it belongs to, to each as many")
    return np.asarray(draws)[np.argsort(superchains, kind="stable")], len(names)


def nested_rhat(draws: ArrayLike, superchains: ArrayLike, threads: SupportsIndex = 0) -> NestedRhat:
    """Nested R-hat of many short chains, of which those of a superchain began at one place (lebm/diagnostics.h).

    superchains is their number, if the first chains are one superchain, the next ones another, and so on; or an array
    that says for each chain which superchain it belongs to.
    """
    if np.ndim(superchains) > 0:
        draws, superchains = _by_superchain(draws, superchains)
    number = _integer("superchains", superchains)
    if np.ndim(draws) > 1 and np.shape(draws)[1] < 4:  # too few to be halved: no pointer for the second result
        raw = _measured(_raw_nested_rhat, draws, 1, number, threads=threads)[0]
        return NestedRhat(raw, np.full_like(raw, np.nan)[()])
    return NestedRhat(*_measured(_lib.lebm_diagnostics_nested_rhat, draws, 2, number, threads=threads))


def _raw_nested_rhat(*arguments: Any) -> None:
    _lib.lebm_diagnostics_nested_rhat(*arguments, None)


def mean_error(draws: ArrayLike, threads: SupportsIndex = 0) -> MeanError:
    """Mean, its Monte Carlo standard error, and how many draws of a chain count as one (lebm/diagnostics.h)."""
    return MeanError(*_measured(_lib.lebm_diagnostics_mean, draws, 3, threads=threads))


def sd_error(draws: ArrayLike, threads: SupportsIndex = 0) -> SdError:
    """Standard deviation, and its Monte Carlo standard error (lebm/diagnostics.h)."""
    return SdError(*_measured(_lib.lebm_diagnostics_sd, draws, 2, threads=threads))


def quantile_error(draws: ArrayLike, probability: float, threads: SupportsIndex = 0) -> QuantileError:
    """A quantile, and its Monte Carlo standard error (lebm/diagnostics.h)."""
    real = _real("probability", probability)
    return QuantileError(*_measured(_lib.lebm_diagnostics_quantile, draws, 2, real, threads=threads))


def e_bfmi(energies: ArrayLike, threads: SupportsIndex = 0) -> Doubles:
    """E-BFMI of each chain, of energies [chains, draws] of Hamiltonian Monte Carlo; below 0.3 is bad."""
    array = _doubles("energies", energies, "(chains, draws)")
    if array.ndim != 2:
        raise ShapeError(f"energies has shape {array.shape}; allowed is (chains, draws)")
    out = np.empty(len(array))
    strides = (c_int64 * 2)(*(stride // 8 for stride in array.strides))
    place, number = array.ctypes.data_as(_f64s), _integer("threads", threads)
    _lib.lebm_diagnostics_e_bfmi(place, *array.shape, strides, number, out.ctypes.data_as(_f64s))
    return out


def version() -> str:
    """The version of the loaded library."""
    return _string(_lib.lebm_version())


def build_info() -> str:
    """One line for bug reports: version, compiler, instruction set and BLAS."""
    return _string(_lib.lebm_build_info())


# What help() tells of the options.


def _default_and_bounds(about: Option, value: Value) -> str:
    """As in "int = 40, 1 to 1000000000"."""
    kind = {"i64": "int", "f64": "float", "str": "str"}[about.type]
    if about.type != "str":
        return f"{kind} = {about.default!r}, {about.least!r} to {about.most!r}"
    return f"{kind} = {value!r}, {' or '.join(map(repr, about.choices)) or 'any text'}"


def _add_options_to_help(
    handle: Union[Net, Generator, _Runner],
    title: str = "Options, with their defaults and bounds, which are allowed",
    known: Container[str] = (),
) -> None:
    """Add the library's own list of options, but for those that are known, to the docstring of a class."""
    text = (inspect.getdoc(type(handle)) or "") + f"\n\n{title}:\n"  # python3 -OO has no docstring
    for key, value in handle.options.items():
        if key in known:
            continue
        about = handle.options.describe(key)
        text += f"\n    {key}: {_default_and_bounds(about, value)}\n        {about.help}"
    type(handle).__doc__ = text + "\n"


def _complete_help() -> None:
    sampler = Sampler()
    prior, generator = Prior(Net("in 1; linear 1")), Generator(Net("in 1; linear 1"), "gaussian", 1)
    trainer = Trainer(prior, generator, sampler, sampler)
    handles: tuple[Union[Net, Generator, _Runner], ...] = (prior.net, generator, sampler, trainer, Annealing())
    for handle in handles:
        _add_options_to_help(handle)
    of_all = set(sampler.options) & set(Sampler("mala").options) - {"step_size", "last_step_size", "target_acceptance"}
    for kernel in "mala", "hmc":
        _add_options_to_help(Sampler(kernel), f'Of kernel "{kernel}" besides', of_all)


_complete_help()


# What is built upon the library; last, as these modules import this one.

from lebm import images, plot, progress  # noqa: E402
