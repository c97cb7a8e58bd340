"""One update: the same whatever the micro-batches; losses and gradients as plain ways give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.pooling import pool_states
from continued_pretraining.objectives.word_alignment.alignment import Aligner
from continued_pretraining.objectives.word_alignment.objective import WordAlignment
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame, micro_batches
from continued_pretraining.training.materials import Materials, gather
from continued_pretraining.training.optimizer import make_optimizer
from continued_pretraining.training.priming import prime, squared_lengths
from continued_pretraining.training.update import Updater, trained_parameters
from tests.continued_pretraining.conftest import save_masked_model, write_vec
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.pair_sources import find_pair_sources
from x2static.core.text.sources import find_sources


def build(data: Path, model: Path, work: Path, **settings: object) -> tuple[Materials, Updater]:
    """The parts of a run, with a step size of 0 so that gradients can be looked at."""
    given = {
        "text": (str(data / "*.txt"),), "vectors": (str(data / "*.vec"),), "output": work / "out",
        "model": str(model), "block": 16, "mlm_batch": 8, "align_batch": 16, "precision": "fp32",
        "device": "cpu", "validation_words": 4, "validation_sequences": 4, "clip": 0.0, "seed": 3,
        "cache_folder": work / "cache", "learning_rate": 0.0,
    } | settings  # fmt: skip
    config = PretrainConfig(**given)  # type: ignore[arg-type]
    text, vectors = find_sources(config.text, ""), find_sources(config.vectors, "")
    pairs = find_pair_sources(config.bitext, "")
    inputs = [p for s in (text, vectors) for v in s.values() for p in v]
    inputs += [one.path for source in pairs for one in source.texts.values()]
    record = RunRecord("pretrain", config, inputs)
    processes = Processes("cpu")
    materials = gather(config, text, vectors, processes, work, record, pairs)
    named = trained_parameters(materials.objectives, materials.model.hugging_face)
    updater = Updater(
        materials.reader, materials.objectives, materials.planners,
        make_optimizer(named, 0.0, (0.9, 0.999), 0.0), processes, 0.0, 3,
    )  # fmt: skip
    materials.model.hugging_face.train()
    return materials, updater


def aligner_of(materials: Materials) -> Aligner:
    """What draws and encodes the words of a run."""
    (objective,) = materials.objectives.whole
    assert isinstance(objective, WordAlignment)
    return objective.aligner


def gradients(materials: Materials, updater: Updater, step: int = 0) -> dict[str, torch.Tensor]:
    updater.run(step)
    named = trained_parameters(materials.objectives, materials.model.hugging_face)
    return {name: p.grad.clone() for name, p in named if p.grad is not None}


def assert_same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    size = max(float(value.abs().max()) for value in left.values())
    for name, value in left.items():
        torch.testing.assert_close(value, right[name], rtol=1e-4, atol=1e-5 * size, msg=name)


LOSSES = [("none", "alone")] + [
    (loss, words)
    for loss in ("dcca", "dgcca", "mse", "cosine", "infonce")
    for words in ("alone", "context")
]


@pytest.mark.parametrize("unit", ["blocks", "lines"])
@pytest.mark.parametrize(("loss", "words"), LOSSES)
def test_micro_batches_change_no_gradient(tmp_path, data, model_folder, loss, unit, words):
    found = []
    for budget in (8 * 16, 2 * 16, 16):
        materials, updater = build(
            data, model_folder, tmp_path, loss=loss, micro_tokens=budget, unit=unit, words=words
        )
        found.append(gradients(materials, updater))
    assert_same(found[0], found[1])
    assert_same(found[0], found[2])


@pytest.mark.parametrize("words", ["alone", "context"])
def test_micro_batches_change_no_guess_among_sampled_pieces(tmp_path, data, model_folder, words):
    found = []
    for budget in (8 * 16, 2 * 16):
        materials, updater = build(
            data, model_folder, tmp_path, loss="mse", micro_tokens=budget, sampled_pieces=10,
            words=words,
        )  # fmt: skip
        assert materials.objectives.main.prepare(materials.planners["text"].plan(0), 0) is not None
        found.append(gradients(materials, updater))
    assert_same(*found)


def test_the_loss_is_the_mean_over_all_guesses_of_the_update(tmp_path, data, model_folder):
    materials, updater = build(
        data, model_folder, tmp_path, loss="none", unit="lines", micro_tokens=40
    )
    share = materials.planners["text"].plan(0)
    measures = updater.run(0)
    model = materials.model.hugging_face
    losses = []
    for original, seen, guessed in zip(share.original, share.seen, share.guessed, strict=True):
        ids = torch.tensor([[0, *seen.tolist(), 2]])
        labels = torch.tensor([[-100, *np.where(guessed, original, -100).tolist(), -100]])
        logits = model(ids).logits
        losses.append(torch.nn.functional.cross_entropy(logits[0], labels[0], reduction="sum"))
    expected = torch.stack(losses).sum() / share.num_guessed
    model.zero_grad()
    expected.backward()
    assert float(measures.sums["mlm"]) / measures.counts["mlm"] == pytest.approx(
        float(expected.detach()), rel=1e-5
    )
    plain = {
        f"model/{n}": p.grad.clone() for n, p in model.named_parameters() if p.grad is not None
    }
    assert_same(plain, gradients(materials, updater))


def test_the_alignment_gradient_is_that_of_all_words_at_once(tmp_path, data, model_folder):
    materials, updater = build(
        data, model_folder, tmp_path, loss="infonce", micro_tokens=30, weight=0.7, projection="none"
    )
    found = gradients(materials, updater)
    without, plain_updater = build(data, model_folder, tmp_path, loss="none", micro_tokens=30)
    text_only = gradients(without, plain_updater)
    aligner, model = aligner_of(materials), materials.model.hugging_face
    draw = aligner.draw(0)
    states = [
        model.base_model(torch.tensor([[0, *ids.tolist(), 2]])).last_hidden_state[0, 1:-1].mean(0)
        for ids in aligner.ids_of(draw)
    ]
    loss = aligner.statistic.value(
        torch.stack(states), aligner.targets(draw), aligner.numbers(draw)
    )
    model.zero_grad()
    (0.7 * loss).backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            expected = parameter.grad + text_only[f"model/{name}"]
            torch.testing.assert_close(found[f"model/{name}"], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("words", ["alone", "context"])
def test_dropout_is_the_same_in_both_passes(tmp_path, data, words):
    model = save_masked_model(tmp_path / "dropping", dropout=0.3)
    materials, updater = build(
        data, model, tmp_path, loss="mse", projection="none", micro_tokens=40, words=words
    )
    found = []
    for held in (0, 10**9):  # two passes, and one whose graph is kept
        updater.held = held
        found.append(gradients(materials, updater))
    assert_same(*found)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch's own, while tracing
@pytest.mark.parametrize("words", ["alone", "context"])
def test_compiled_blocks_change_no_gradient(tmp_path, data, model_folder, monkeypatch, words):
    found = []
    whole = torch.nn.Module.compile
    monkeypatch.setattr(  # traced as for any backend, which here needs no compiler
        torch.nn.Module, "compile", lambda self, **how: whole(self, backend="aot_eager", **how)
    )
    for compiled in (False, True):
        materials, updater = build(
            data, model_folder, tmp_path, loss="dcca", micro_tokens=40, words=words, align_layer=2,
            unit="lines",
        )  # fmt: skip
        if compiled:
            materials.compile()
        before = materials.validator.measure()
        found.append((before, gradients(materials, updater)))
    for name in ("mlm", "alignment"):
        left, right = (verdict.figures[name] for verdict, _ in found)
        assert left == pytest.approx(right, rel=1e-5)
    assert_same(found[0][1], found[1][1])


def test_a_learning_map_learns(tmp_path, data, model_folder):
    write_vec(data.parent / "narrow.en.vec", 5, 0)
    materials, updater = build(
        data, model_folder, tmp_path, vectors=(str(data.parent / "narrow.en.vec"),), loss="mse",
        projection="learn",
    )  # fmt: skip
    aligner_of(materials).fit_map(match=True)
    found = gradients(materials, updater)
    assert found["map/linear.weight"].abs().max() > 0


@pytest.mark.parametrize("pool", ["pieces", "all", "first", "cls"])
def test_a_word_has_one_state_whatever_stands_beside_it(data, model_folder, tmp_path, pool):
    materials, _ = build(data, model_folder, tmp_path)
    model = materials.model
    model.hugging_face.eval()
    sequences = [np.array(ids) for ids in ([5], [6, 7, 8, 9, 10], [11, 12], [4, 5, 6])]
    packed = materials.reader.frame
    padded = Frame(packed.prefix, packed.suffix, packed.pad_id)
    found = []
    with torch.no_grad():
        for frame, budget in ((packed, 99), (padded, 99), (packed, 1), (padded, 1)):
            states = torch.zeros(4, model.width)
            for batch in micro_batches(sequences, frame, budget, model.device):
                states[batch.members] = pool_states(model.states_up_to(batch, 2), batch, pool)
            found.append(states)
    for other in found[1:]:
        torch.testing.assert_close(found[0], other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("pool", "rows"),
    [("pieces", [1, 2, 3]), ("all", [0, 1, 2, 3, 4]), ("first", [1]), ("cls", [0])],
)
def test_a_pool_is_the_mean_of_its_states(data, model_folder, tmp_path, pool, rows):
    materials, _ = build(data, model_folder, tmp_path)
    model = materials.model
    model.hugging_face.eval()
    ids = [np.array([5, 6, 7]), np.array([8])]
    batch = next(iter(micro_batches(ids, materials.reader.frame, 99, model.device)))
    with torch.no_grad():
        found = pool_states(model.states_up_to(batch, 3), batch, pool)
        states = model.encoder(torch.tensor([[0, 5, 6, 7, 2]])).last_hidden_state[0]
    torch.testing.assert_close(found[0], states[rows].mean(0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("block", [0, 1, 2, 3, None])
def test_states_of_a_block_are_those_of_hugging_face(data, model_folder, tmp_path, block):
    materials, _ = build(data, model_folder, tmp_path)
    model = materials.model
    model.hugging_face.eval()
    batch = next(
        iter(micro_batches([np.array([5, 6, 7])], materials.reader.frame, 9, model.device))
    )
    with torch.no_grad():
        every = model.encoder(batch.ids, output_hidden_states=True).hidden_states
        last, middle = model.states(batch, block)
    torch.testing.assert_close(last, every[-1])
    torch.testing.assert_close(middle, every[-1 if block is None else block])
    if block is not None:
        with torch.no_grad():
            torch.testing.assert_close(model.states_up_to(batch, block), every[block])


def test_words_in_context_take_the_states_of_their_pieces(data, model_folder, tmp_path):
    materials, _ = build(
        data, model_folder, tmp_path, words="context", unit="lines", align_layer=2, align_batch=9999
    )
    aligner, model = aligner_of(materials), materials.model
    model.hugging_face.eval()
    share = materials.planners["text"].plan(0)
    spans = aligner.spans(0, share)
    assert len(spans.draw) > 8
    found = torch.zeros(len(spans.draw), model.width)
    with torch.no_grad():
        for batch in materials.reader.batches(share):
            states, places = aligner.span_states(materials.reader.states(batch)[1], batch, spans)
            found[places] = states
        for row in range(len(spans.draw)):
            member, start, length = (
                int(x[row]) for x in (spans.members, spans.starts, spans.lengths)
            )
            seen = share.seen[member]
            whole = model.encoder(torch.tensor([[0, *seen, 2]]), output_hidden_states=True)
            expected = whole.hidden_states[2][0, start + 1 : start + 1 + length].mean(0)
            torch.testing.assert_close(found[row], expected, rtol=1e-3, atol=1e-4)
            word = aligner.words[spans.draw.languages[row]].ids_of(int(spans.draw.items[row]))
            assert seen[start : start + length].tolist() == word.tolist()


def lengths(updater: Updater, step: int) -> tuple[float, float]:
    """Of the gradients of text and of words, each alone, over what both reach."""
    by_text, by_words = squared_lengths(updater, updater.objectives.whole[0], step)
    return by_text**0.5, by_words**0.5


@pytest.mark.parametrize(
    ("loss", "words"),
    [("dcca", "alone"), ("dcca", "context"), ("dgcca", "alone"), ("mse", "alone"),
     ("infonce", "context")],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 40], ids=["states as they are", "40 times as large"])
def test_a_weight_means_the_same_share_of_the_gradient(tmp_path, data, loss, words, size):
    model = save_masked_model(tmp_path / "model")
    materials, updater = build(
        data, model, tmp_path, loss=loss, words=words, weight=0.5, projection="rotate"
    )
    aligner_of(materials).fit_map(match=True)
    if size > 1:  # the last norm alone makes the states larger, and the loss another
        with torch.no_grad():
            norm = materials.model.blocks[-1].output.LayerNorm
            norm.weight.mul_(size)
            norm.bias.mul_(size)
    prime(updater, 100, level=True)
    filling = aligner_of(materials).statistic.updates_remembered
    found = np.array([lengths(updater, step) for step in range(100 + filling, 104 + filling)])
    shares = np.sqrt((found[:, 1] ** 2).sum() / (found[:, 0] ** 2).sum())
    assert shares == pytest.approx(0.5, rel=0.4)  # other words stand in the memory by now


def test_a_weight_of_the_loss_as_it_is_scales_nothing(tmp_path, data, model_folder):
    materials, updater = build(data, model_folder, tmp_path, loss="dcca", weight=0.5)
    prime(updater, 100, level=False)
    assert aligner_of(materials).statistic.scale == 1
    assert aligner_of(materials).statistic.chance() is not None
    assert all(p.grad is None for p in materials.model.hugging_face.parameters())


def test_no_update_is_a_first_one_without_memory(tmp_path, data, model_folder):
    """The memory is filled before the first update, with what no update will see."""
    materials, updater = build(data, model_folder, tmp_path, loss="dcca", memory=64)
    prime(updater, 100, level=False)
    share = aligner_of(materials).statistic.fading
    assert share == pytest.approx((64 - 16) / (64 + 16))
    assert float(aligner_of(materials).statistic.seen.weight) == pytest.approx(
        16 * (1 - share**4) / (1 - share)
    )
    before = aligner_of(materials).statistic.seen
    updater.run(0)
    assert float(aligner_of(materials).statistic.seen.weight) == pytest.approx(
        16 + share * float(before.weight)
    )
