"""Fine-tuning: one update against plain torch, and what must not change it."""

import dataclasses

import numpy as np
import pytest
import torch
import transformers

import eval.downstream.finetune
from eval.downstream.batches import IGNORED, Row
from eval.downstream.compact_embeddings import compact_embeddings, kept_ids
from eval.downstream.finetune import EpochSelector, FineTuning, finetune
from eval.downstream.memory import halved, in_batches
from eval.downstream.pretrained import load_reader
from eval.downstream.recipe import Recipe
from tests.eval.downstream_pieces import save_model
from tests.teachers import save_teacher
from x2static.core.errors import ConfigError
from x2static.core.progress import Progress
from x2static.teacher.load import load_tokenizer
from x2static.teacher.precision import pick_precision

CPU = torch.device("cpu")
RECIPE = Recipe(learning_rate=1e-2, epochs=1, batch=8, warmup=0, weight_decay=0.1)
LABELS = 3


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Models without dropout, so that parts of a batch cannot differ by chance."""
    found = {}
    for kind in ("bert", "xlm-roberta"):
        folder = save_model(tmp_path_factory.mktemp(kind), kind)
        config = transformers.AutoConfig.from_pretrained(folder)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        config.save_pretrained(folder)
        found[kind] = str(folder)
    return found


def reader_of(folder, double=True):
    """In float64, where the order of sums cannot be seen in Adam's quotients."""
    with eval.downstream.finetune.seeded(0, CPU):
        reader = load_reader(
            folder, "AutoModelForTokenClassification", load_tokenizer(folder), CPU, LABELS
        )
    if double:
        reader.model.double()
    return reader


def rows_of(count, seed=0, least=5, most=30):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        size = int(rng.integers(3, 12))
        gold = rng.integers(0, LABELS, size)
        gold[rng.random(size) < 0.5] = IGNORED
        ids = rng.integers(least, most, size).astype(np.int32)
        rows.append(Row(ids, np.zeros_like(ids), gold))
    return rows


def loss_of(output, gold):
    logits = output.logits.flatten(0, 1)
    return torch.nn.functional.cross_entropy(
        logits, gold.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def weight_of(row):
    return float((row.gold != IGNORED).sum())


def trained(
    folder, rows, recipe=RECIPE, budget=1000, seed=0, selector=None, precision="fp32", double=True
):
    reader = reader_of(folder, double)
    course = FineTuning(recipe, seed, precision, budget, loss_of, weight_of)
    with Progress("test", None, "rows") as progress:
        finetune(reader, rows, course, progress, selector and selector(reader))
    return reader, course


def weights(reader):
    return {name: weight.clone() for name, weight in reader.model.state_dict().items()}


def assert_close(first, second, tolerance=1e-9):
    for name, weight in first.items():
        assert torch.allclose(weight, second[name], atol=tolerance), name


def test_language_modules_learn_from_bf16(tmp_path):
    folder = str(save_teacher(tmp_path / "xmod", "xmod"))
    bf16, course = trained(folder, rows_of(8), precision="bf16", double=False)
    _, plain = trained(folder, rows_of(8), precision="fp32", double=False)
    assert course.losses == pytest.approx(plain.losses, rel=0.02)
    assert all(weight.dtype is torch.float32 for weight in weights(bf16).values())


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_two_updates_are_those_of_plain_torch(folders, kind):
    rows = rows_of(8)
    recipe = dataclasses.replace(RECIPE, epochs=2)
    ours, course = trained(folders[kind], rows, recipe)
    plain = reader_of(folders[kind])
    model = plain.model.train()
    decayed = [p for n, p in model.named_parameters() if "bias" not in n and "Norm" not in n]
    spared = [p for n, p in model.named_parameters() if "bias" in n or "Norm" in n]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": spared, "weight_decay": 0.0}],
        lr=recipe.learning_rate, eps=1e-8,
    )  # fmt: skip
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 0, 2)
    losses = []
    for _ in range(2):
        # one row at a time, nothing padded, the mean over all gold places
        parts = [
            loss_of(
                model(input_ids=torch.tensor(row.ids[None].astype(np.int64))),
                torch.tensor(row.gold[None]),
            )
            for row in rows
        ]
        loss = sum(parts) / sum(map(weight_of, rows))
        losses.append(float(loss.detach()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    assert_close(weights(ours), weights(plain))
    assert course.losses == pytest.approx(losses, rel=1e-6)


def test_parts_of_a_batch_give_the_same_update(folders):
    rows = rows_of(24)
    whole, _ = trained(folders["xlm-roberta"], rows, budget=10_000)
    parts, _ = trained(folders["xlm-roberta"], rows, budget=13)
    assert_close(weights(whole), weights(parts))


def test_small_embedding_table_gives_the_same_model(folders, monkeypatch):
    rows, recipe = rows_of(24), dataclasses.replace(RECIPE, epochs=2)
    small, _ = trained(folders["bert"], rows, recipe)
    monkeypatch.setattr("eval.downstream.compact_embeddings._can_shrink", lambda *_: False)
    large, _ = trained(folders["bert"], rows, recipe)
    assert_close(weights(small), weights(large))
    start = weights(reader_of(folders["bert"]))
    name = "bert.embeddings.word_embeddings.weight"
    assert not torch.equal(weights(small)[name], start[name])  # decay moved the unread ones
    assert small.numbers is None
    assert small.model.get_input_embeddings().num_embeddings == len(start[name])


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta", "distilbert", "modernbert"])
def test_small_embedding_table_in_every_family(tmp_path, kind):
    from tests.teachers import save_teacher

    reader = reader_of(str(save_teacher(tmp_path, kind)))
    rows = rows_of(4, least=20, most=24)
    batch = eval.downstream.finetune.collate(rows, reader)
    with torch.inference_mode():
        expected = reader.model.eval()(**batch.inputs).logits
    with compact_embeddings(reader, rows):
        assert reader.model.get_input_embeddings().num_embeddings <= reader.pad_id + 5
        batch = eval.downstream.finetune.collate(rows, reader)
        with torch.inference_mode():
            assert torch.equal(reader.model(**batch.inputs).logits, expected)
    batch = eval.downstream.finetune.collate(rows, reader)
    with torch.inference_mode():
        assert torch.equal(reader.model(**batch.inputs).logits, expected)


def test_padding_keeps_its_number():
    rows = rows_of(2, least=9, most=12)
    assert kept_ids(rows, 1).tolist()[:3] == [0, 1, 9]


def test_seeds(tmp_path):
    rows, folder = rows_of(24), str(save_model(tmp_path))  # with dropout
    found = []
    for seed in (0, 0, 1):
        found.append(trained(folder, rows, seed=seed)[0])
        torch.rand(3)  # what the caller draws in between must not matter
    first, second, other = found
    for name, weight in weights(first).items():
        assert torch.equal(weight, weights(second)[name])
    assert any(not torch.equal(w, weights(other)[n]) for n, w in weights(first).items())


def test_fine_tuning_leaves_the_callers_randomness_alone(folders):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    trained(folders["bert"], rows_of(8))
    assert torch.rand(1) == expected


@pytest.mark.parametrize(("warmup", "updates"), [(0, 7), (3, 10), (500, 9)])
def test_learning_rate_is_that_of_transformers(warmup, updates):
    recipe = dataclasses.replace(RECIPE, warmup=warmup, learning_rate=1.0)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, warmup, updates)
    for update in range(updates):
        assert recipe.rate(update, updates) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


def test_every_row_is_seen_once_an_epoch(folders, monkeypatch):
    rows, seen = rows_of(20), []
    real = eval.downstream.finetune.collate

    def spy(some, reader):
        seen.extend(map(id, some))
        return real(some, reader)

    monkeypatch.setattr(eval.downstream.finetune, "collate", spy)
    trained(folders["bert"], rows, dataclasses.replace(RECIPE, epochs=2), budget=30)
    assert sorted(seen) == sorted(2 * list(map(id, rows)))
    assert seen[:20] != seen[20:]


def test_the_selector_keeps_the_best_epoch(folders):
    rows, recipe = rows_of(16), dataclasses.replace(RECIPE, epochs=3)
    states = []

    def selector_of(reader):
        scores = iter([0.2, 0.9, 0.9])

        def score():
            states.append(weights(reader))
            return next(scores)

        return EpochSelector(rows_of(2, seed=9), score)

    reader, course = trained(folders["bert"], rows, recipe, selector=selector_of)
    assert course.scores == [0.2, 0.9, 0.9]
    name = "classifier.weight"
    assert torch.equal(weights(reader)[name], states[1][name])
    assert not torch.equal(states[1][name], states[2][name])


def test_a_loss_that_is_no_number_is_one_line(folders):
    recipe = dataclasses.replace(RECIPE, learning_rate=1e30, epochs=3)
    with pytest.raises(
        ConfigError, match=r"--learning-rate 1e\+30: the loss is no longer a number"
    ):
        trained(folders["bert"], rows_of(16), recipe)


def test_memory_that_runs_out_makes_parts_smaller(folders, monkeypatch):
    rows = rows_of(24)
    expected, _ = trained(folders["bert"], rows)
    real = eval.downstream.finetune.collate

    def full(some, reader):
        if len(some) > 2:
            raise torch.cuda.OutOfMemoryError("full")
        return real(some, reader)

    monkeypatch.setattr(eval.downstream.finetune, "collate", full)
    found, course = trained(folders["bert"], rows, budget=1000)
    assert_close(weights(expected), weights(found))
    assert course.budget < 64


def test_memory_that_never_suffices_is_one_line():
    with pytest.raises(ConfigError, match="memory is full with a single input of 41 pieces"):
        halved(40, 41)


def test_batches_come_back_in_order_even_when_memory_runs_out():
    sizes = []

    def run(part):
        sizes.append(len(part))
        if len(part) > 3:
            raise torch.cuda.OutOfMemoryError("full")
        return [2 * item for item in part]

    items = list(range(20))
    assert in_batches(run, items, [25] * 20, 500) == [2 * item for item in items]
    assert max(sizes) > 3


def test_bf16_learns_nearly_the_same(folders):
    rows = rows_of(64)
    _, exact = trained(folders["bert"], rows, double=False)
    _, rough = trained(folders["bert"], rows, precision="bf16", double=False)
    assert rough.losses == pytest.approx(exact.losses, rel=0.05)
    assert rough.losses != exact.losses


def test_precision_on_a_cpu():
    assert pick_precision("auto", CPU, on_cpu=False) == "fp32"
    assert pick_precision("bf16", CPU, on_cpu=False) == "bf16"
