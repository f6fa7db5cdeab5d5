"""The rows on disk: what is put in comes out, all of it or the wanted rows, and nothing is left behind."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from ml.data.column_cells import Texts
from ml.data.row_store import RowStore

TEXTS = ["", "two\nlines", 'say "x"', "\u00e9\U0001f600", "\x85", "a\r"]


def chunk(start, rows):
    codes = np.arange(start, start + rows, dtype=np.int32) % len(TEXTS)
    return {"n": np.arange(start, start + rows, dtype=float) / 3, "t": Texts(TEXTS, codes)}


@pytest.fixture
def store(tmp_path):
    store = RowStore({"n": True, "t": False}, tmp_path)
    for start, rows in ((0, 5), (5, 1), (6, 8)):
        store.append(chunk(start, rows), rows)
    return store


def joined(chunks):
    chunks = list(chunks)
    numbers = np.concatenate([chunk["n"] for chunk in chunks])
    return numbers.tolist(), [text for chunk in chunks for text in chunk["t"].array().tolist()]


def test_all_rows_come_out(store):
    whole = chunk(0, 14)
    assert len(joined(store.chunks())[0]) == 14
    assert joined(store.chunks()) == (whole["n"].tolist(), whole["t"].array().tolist())


def test_wanted_rows_come_out(store):
    wanted = np.arange(14) % 3 == 1
    whole = chunk(0, 14)
    assert joined(store.chunks(wanted)) == (
        whole["n"][wanted].tolist(),
        whole["t"].array()[wanted].tolist(),
    )
    assert [len(part) for part in store.column("n", wanted)] == [2, 0, 3]


def test_nothing_is_left_behind(store, tmp_path):
    assert list(tmp_path.iterdir())
    store.close()
    store.close()
    assert not list(tmp_path.iterdir())


def test_a_forgotten_store_is_removed(tmp_path):
    RowStore({"n": True}, tmp_path)
    gc.collect()
    assert not list(tmp_path.iterdir())
