"""Models taken apart: the head, its loss, rows that several sequences share, word places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from continued_pretraining.model.embeddings import fit_width
from continued_pretraining.model.masked_model import take_apart
from continued_pretraining.model.scratch import parse_shape
from continued_pretraining.objectives.candidates import Candidates, sample_candidates
from continued_pretraining.objectives.cross_entropy import scored
from continued_pretraining.objectives.masked_lm import guess_losses
from continued_pretraining.objectives.word_alignment.occurrences import WordFinder
from continued_pretraining.objectives.word_alignment.word_pool import LanguageWords
from continued_pretraining.text.batch import Frame, micro_batches, pack
from continued_pretraining.training.optimizer import rate_at
from x2static.core.errors import ConfigError, TeacherError
from x2static.teacher import PieceTable

SIZE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def build(family: str) -> Any:
    """A random masked language model of a family."""
    import transformers as hf

    torch.manual_seed(0)
    if family == "xlm-roberta":
        return hf.XLMRobertaForMaskedLM(hf.XLMRobertaConfig(**SIZE, pad_token_id=1))
    if family == "roberta":
        return hf.RobertaForMaskedLM(hf.RobertaConfig(**SIZE, pad_token_id=1))
    if family == "bert":
        return hf.BertForMaskedLM(hf.BertConfig(**SIZE, pad_token_id=0))
    if family == "distilbert":
        return hf.DistilBertForMaskedLM(
            hf.DistilBertConfig(
                vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=24, dropout=0.0,
                attention_dropout=0.0, max_position_embeddings=40, pad_token_id=0,
            )
        )  # fmt: skip
    if family == "xmod":
        config = hf.XmodConfig(
            **SIZE, pad_token_id=1, languages=("en_XX", "de_DE"), default_language="en_XX"
        )
        return hf.XmodForMaskedLM(config)
    return hf.ModernBertForMaskedLM(
        hf.ModernBertConfig(
            vocab_size=50,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=24,
            max_position_embeddings=40,
            pad_token_id=0,
            local_attention=8,
            attn_implementation="sdpa",
        )
    )


FAMILIES = ["xlm-roberta", "roberta", "bert", "distilbert", "xmod", "modernbert"]
SEQUENCES = [np.arange(5, 5 + length) for length in (9, 3, 4, 1, 8, 2)]


@pytest.mark.parametrize(
    ("low", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 5e-3)], ids=["fp32", "bf16"]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_is_that_of_hugging_face(family, low, tolerance):
    whole = build(family).eval()
    model = take_apart(whole, low, family)
    pad = int(whole.config.pad_token_id)
    frame = Frame([0], [2], pad, model.first_position, low)
    total, expected = 0.0, 0.0
    with torch.no_grad():
        for ids in SEQUENCES:
            row = torch.tensor([[0, *ids, 2]])
            labels = torch.tensor([[-100, *ids[:1], *[-100] * len(ids)]])
            expected += float(whole(row, labels=labels).loss)
        for batch in micro_batches(SEQUENCES, frame, 99, model.device):
            states, _ = model.states(batch)
            labels = torch.from_numpy(np.array([SEQUENCES[m][0] for m in batch.members]))
            total += float(guess_losses(model, states, torch.from_numpy(batch.starts), labels).loss)
    assert total == pytest.approx(expected, rel=tolerance)


def test_rows_are_shared_and_almost_full():
    lengths = np.random.default_rng(0).integers(3, 40, size=200)
    order = np.argsort(-lengths, kind="stable")
    width = int(lengths.max())
    rows = pack(lengths, order, width)
    assert sorted(member for row in rows for member in row) == list(range(200))
    assert all(lengths[row].sum() <= width for row in rows)
    assert lengths.sum() / (len(rows) * width) >= 0.94


def test_packed_rows_come_in_few_sizes():
    frame = Frame([0], [2], 1, 2)
    rng = np.random.default_rng(1)
    sizes = set()
    for _ in range(30):
        sequences = [np.full(n, 9) for n in rng.integers(1, 59, size=rng.integers(40, 50))]
        batches = list(micro_batches(sequences, frame, 1024, torch.device("cpu")))
        assert all(batch.ids.numel() <= 1024 for batch in batches)
        sizes |= {tuple(batch.ids.shape) for batch in batches}
    assert len(sizes) <= 16


def test_equal_lengths_need_no_mask():
    frame = Frame([0], [2], 1, 2)
    batch = next(iter(micro_batches([np.arange(5, 9)] * 3, frame, 99, torch.device("cpu"))))
    assert batch.mask is None
    assert batch.positions is None
    assert batch.ids.shape == (3, 6)


def test_micro_batches_keep_to_the_budget():
    frame = Frame([0], [2], 1, 2)
    for first_position in (2, None):
        frame = Frame([0], [2], 1, first_position)
        batches = list(micro_batches(SEQUENCES, frame, 22, torch.device("cpu")))
        assert all(batch.ids.numel() <= 22 for batch in batches)
        members = np.concatenate([batch.members for batch in batches])
        assert sorted(members.tolist()) == list(range(6))
        for batch in batches:
            flat = batch.ids.flatten().numpy()
            for member, start, length in zip(
                batch.members, batch.starts, batch.lengths, strict=True
            ):
                assert flat[start : start + length].tolist() == SEQUENCES[member].tolist()


@pytest.mark.parametrize("at_once", [1 << 24, 25], ids=["one chunk", "many"])
def test_cross_entropy_and_its_gradients_are_torchs(monkeypatch, at_once):
    from continued_pretraining.objectives import cross_entropy

    monkeypatch.setattr(cross_entropy, "_SCORES_AT_ONCE", at_once)
    monkeypatch.setattr(cross_entropy, "_ROWS", 2)
    generator = torch.Generator().manual_seed(0)
    parts = [
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in ((9, 4), (11, 4), (11,))
    ]
    labels = torch.randint(11, (9,), generator=generator)
    labels[[2, 7]] = -1  # rows that count nothing
    features, weight, bias = parts
    found = scored(features, weight, bias, labels, torch.float64).loss
    expected = torch.nn.functional.cross_entropy(
        features @ weight.T + bias, labels, reduction="sum", ignore_index=-1
    )
    torch.testing.assert_close(found, expected)
    for left, right in zip(
        torch.autograd.grad(2 * found, parts), torch.autograd.grad(2 * expected, parts), strict=True
    ):
        torch.testing.assert_close(left, right)


def test_cross_entropy_survives_huge_scores():
    features = torch.tensor([[1000.0], [-1000.0]], requires_grad=True)
    weight, bias = torch.tensor([[1.0], [-1.0]]), torch.zeros(2)
    loss = scored(features, weight, bias, torch.tensor([0, 0]), torch.float32).loss
    assert float(loss.detach()) == pytest.approx(2000)


def test_sampled_pieces_estimate_the_whole():
    model = take_apart(build("xlm-roberta"), torch.float32, "test")
    model.decoder.weight.data = 0.3 * torch.randn(
        5000, 16, generator=torch.Generator().manual_seed(1)
    )
    model.decoder.bias.data = torch.zeros(5000)
    states = torch.randn(1, 40, 16, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(100, 140)
    with torch.no_grad():
        exact = float(guess_losses(model, states, torch.arange(40), labels).loss)
        guesses = []
        for seed in range(5):
            generator = torch.Generator().manual_seed(seed)
            candidates = sample_candidates(labels, 5000, 1000, generator)
            assert isinstance(candidates, Candidates)
            guesses.append(
                float(guess_losses(model, states, torch.arange(40), labels, candidates).loss)
            )
    assert np.mean(guesses) == pytest.approx(exact, rel=0.03)
    assert sample_candidates(labels, 50, 30, torch.Generator()) is None


def test_unknown_heads_are_refused():
    import transformers as hf

    model = hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2))
    with pytest.raises(TeacherError, match="head of a gpt2 is not known"):
        take_apart(model, torch.float32, "x")


def test_words_are_found_where_they_stand():
    ids, offsets = np.array([5, 6, 7, 5, 8], dtype=np.int32), np.array([0, 1, 3, 5])
    words = LanguageWords("en", np.ones((3, 2)), PieceTable(ids, offsets), 0)  # [5] [6 7] [5 8]
    begins = np.ones(11, dtype=bool)
    begins[[7, 8]] = False  # these go on a word
    finder = WordFinder(words, begins)
    found = finder.find(np.array([5, 6, 7, 5, 8, 6, 7, 8, 9, 5]))
    assert found.starts.tolist() == [0, 1, 3, 9]
    assert found.lengths.tolist() == [1, 2, 2, 1]
    assert found.words.tolist() == [0, 1, 2, 0]
    assert len(finder.find(np.array([9])).starts) == 0


def test_embeddings_are_cut_to_width_or_filled_up():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 8))
    narrow = fit_width(rows, 3, rng)
    np.testing.assert_allclose(narrow @ narrow.T, rows @ rows.T, atol=1e-9)
    assert fit_width(rows, 12, rng).shape == (50, 12)


@pytest.mark.parametrize(
    ("step", "decay", "share"),
    [(0, "linear", 0.25), (2, "linear", 0.75), (3, "linear", 1), (8, "linear", 0.5),
     (8, "cosine", 0.5), (13, "none", 1), (12, "linear", 0.1)],
)  # fmt: skip
def test_step_size(step, decay, share):
    assert rate_at(step, 13, 3, decay) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("layers=2", "width is missing"),
        ("layers=2,widht=4", "did you mean 'width'"),
        ("layers=x,width=4", "whole number"),
        ("layers=2,width=10,heads=4", "cannot be split"),
    ],
)
def test_a_wrong_shape_is_one_clear_line(text, pattern):
    with pytest.raises(ConfigError, match=pattern):
        parse_shape(text)
