"""The recipe of the teacher in the box: its start, its items, its losses."""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.teacher import bag, items, start
from scripts.teacher.english import keyed

LENGTHS = np.array([0.5, 1.0, 2.0, 4.0, 1.0, 0.7])


def some_pieces(rng: np.random.Generator) -> np.ndarray:
    rows = rng.standard_normal((len(LENGTHS), bag.WIDTH)).astype(np.float32)
    return (bag.unit(rows) * LENGTHS[:, None]).astype(np.float32)


def test_the_first_block_begins_as_a_mean_weighted_by_lengths() -> None:
    import torch

    pieces = some_pieces(np.random.default_rng(0))
    model = start.build(pieces, np.ones(len(pieces)), start.BlockSettings(layers=3, mean=1000.0))
    ids = [1 + 2, 2 + 2, 3 + 2, 3]  # no padding
    with torch.no_grad():
        states = model.roberta(torch.tensor([ids]), output_hidden_states=True).hidden_states
    _, others = start.directions()
    found = states[1][0].numpy() @ others.T  # the mean is all there is with so large a part
    wanted = (pieces[ids]).mean(axis=0)
    for state in found:
        cosine = state @ wanted / np.linalg.norm(state) / np.linalg.norm(wanted)
        assert cosine > 0.98
    for deeper in states[2:]:
        np.testing.assert_allclose(deeper.numpy(), states[1].numpy(), atol=1e-3)


def test_pieces_without_text_weigh_least() -> None:
    pieces = some_pieces(np.random.default_rng(0))
    pieces[2] = 0
    by_length, _ = start.directions()
    rows, _ = start._embeddings(pieces)
    assert int((rows @ by_length).argmin()) == 2
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-4)  # layer norm takes nothing off


def test_pairs_that_are_the_same_do_not_count() -> None:
    import torch

    own = torch.eye(3)
    others = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0]])
    same = torch.tensor([[False, True, False], [True, False, False], [False] * 3])
    loss = bag.contrast(own, others, 1.0, same).item()
    e = np.exp(1)
    wanted = [-np.log(e / (e + 1)), -np.log(1 / 2), -np.log(e / (e + 2))]
    assert loss == pytest.approx(np.mean(wanted), abs=0.01)  # products are in bf16


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two languages, a dictionary, and a test dictionary that holds one of its words."""
    for name, text in {
        "lexicons-cc-by-sa/en-de.txt": "house\tHaus\nlake\tSee\n",
        "lexicons-cldr/en-de.tsv": "red heart\trotes Herz\n",
        "muse/test/de-en.5000-6500.txt": "see lake\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folder = tmp_path / "bitext" / "tico-19"
    folder.mkdir(parents=True)
    for language, rows in {"en": "a\tthe house\nb\tthe lake\n", "de": "b\tder See\n"}.items():
        with lzma.open(folder / f"{language}.tsv.xz", "wt", encoding="utf-8") as stream:
            stream.write(rows)
    return tmp_path


def test_no_word_of_a_test_dictionary_is_learned(data: Path) -> None:
    found = list(items.dictionaries(data, ["de", "en"]))
    assert found == [("de", [["house", "haus"]]), ("de", [["red heart", "rotes herz"]])]


def test_sentences_keep_their_keys(data: Path) -> None:
    assert keyed(data / "bitext" / "tico-19" / "de.tsv.xz") == [("b", "der See")]


def test_items_are_drawn_and_found_again(tmp_path: Path) -> None:
    flat = np.arange(12, dtype=np.uint16)
    np.savez(
        tmp_path / "items.npz",
        flat=flat,
        off=np.array([0, 3, 5, 9, 12]),
        kind=np.array([1, 1, 0, 1], np.int8),
        lang=np.array([0, 1, 0, 1], np.int8),
        targ=np.array([7, 7, 3, 8], np.int32),
    )
    found = items.Items(tmp_path / "items.npz")
    kind = items.KINDS[1]
    assert {language: rows.tolist() for language, rows in found.groups[kind].items()} == {
        0: [0],
        1: [1, 3],
    }
    pieces, lengths = found.bag(np.array([3, 0]))
    assert pieces.tolist() == [9, 10, 11, 0, 1, 2]
    assert lengths.tolist() == [3, 3]
    drawn = found.draw(np.random.default_rng(0), kind, 50, 0.5)
    assert set(drawn.tolist()) == {0, 1, 3}
    siblings = bag.Siblings(found, kind).draw(np.random.default_rng(0), np.full(40, 7))
    assert set(siblings.tolist()) == {0, 1}
