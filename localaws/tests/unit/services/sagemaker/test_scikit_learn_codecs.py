"""The toolkit's default input, predict and output functions."""

import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pytest

from localaws.services.sagemaker import images

_PATH = Path(images.__file__).parent / "scikit_learn_server" / "codecs_default.py"


@pytest.fixture(scope="module")
def codecs():
    spec = importlib.util.spec_from_file_location("codecs_default", _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["text/csv", "application/json", "application/x-npy"])
def test_what_goes_out_comes_back(codecs, kind):
    array = np.array([[1.5, 2.0], [3.0, 4.25]], dtype=np.float32)
    body, content_type = codecs.output_fn(array, kind)
    assert content_type == kind
    assert np.array_equal(codecs.input_fn(body, kind), array)


def test_one_csv_row_is_one_row(codecs):
    assert codecs.input_fn("1,2,3", "text/csv").shape == (1, 3)
    assert codecs.output_fn(np.array(["a", "b"]), "text/csv")[0] == "a\nb\n"
    assert json.loads(codecs.output_fn(np.float64(1.5), "application/json")[0]) == 1.5


def test_unknown_formats(codecs):
    with pytest.raises(codecs.UnsupportedFormatError, match="application/xml") as raised:
        codecs.input_fn("", "application/xml")
    assert raised.value.status == 415
    with pytest.raises(codecs.UnsupportedFormatError, match="image/png") as raised:
        codecs.output_fn([1], "image/png")
    assert raised.value.status == 406


def test_pickles_are_not_loaded(codecs):
    buffer = io.BytesIO()
    np.save(buffer, np.array([object()]), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        codecs.input_fn(buffer.getvalue(), "application/x-npy")
