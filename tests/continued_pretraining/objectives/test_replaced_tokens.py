"""Replaced-token detection: guesses drawn by probability, gradients kept apart, it learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from continued_pretraining.model.generator import AddedEmbedding, join_embeddings, make_generator
from continued_pretraining.model.masked_model import load_model, take_apart
from continued_pretraining.objectives.cross_entropy import scored
from continued_pretraining.objectives.replaced_tokens.objective import Detector
from continued_pretraining.text.batch import Frame, micro_batches
from continued_pretraining.training.optimizer import set_rate
from continued_pretraining.training.update import Updater
from tests.continued_pretraining.test_pairs import flags, write_bitext
from tests.continued_pretraining.test_runs import curve
from tests.continued_pretraining.training.test_update import build

REPLACED = ("--mrtd-weight", 1, "--trtd-weight", 0.5, "--mrtd-batch", 5, "--trtd-batch", 4)


@pytest.fixture(scope="module")
def bitext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bitext(tmp_path_factory.mktemp("bitext"))


def test_guesses_are_drawn_by_probability():
    torch.manual_seed(0)
    weight, bias = torch.randn(7, 4), torch.randn(7)
    feature = torch.randn(1, 4)
    number = 20_000
    features, labels = feature.expand(number, 4), torch.full((number,), 3)
    draws = (torch.arange(number) + 0.5) / number
    loss, each, guesses = scored(features, weight, bias, labels, torch.float32, draws)
    assert float(each.sum()) == pytest.approx(float(loss), rel=1e-5)
    found = torch.bincount(guesses, minlength=7) / number
    expected = torch.softmax(feature @ weight.T + bias, dim=1)[0]
    assert torch.allclose(found, expected, atol=2e-4)
    assert float(loss) == pytest.approx(
        float(scored(features, weight, bias, labels, torch.float32).loss), rel=1e-5
    )


def test_the_largest_draw_and_the_smallest_are_pieces():
    weight, bias = torch.zeros(5, 2), torch.zeros(5)
    draws = torch.tensor([0.0, np.nextafter(np.float32(1), np.float32(0))])
    labels = torch.tensor([0, 0])
    guesses = scored(torch.ones(2, 2), weight, bias, labels, torch.float32, draws).guesses
    assert guesses.tolist() == [0, 4]


def text_updater(data: Path, model: Path, work: Path, **settings: object):
    return build(
        data, model, work,
        **{"vectors": (), "loss": "none", "mlm_weight": 0.0, "mrtd_weight": 1.0, "mrtd_batch": 6,
           **settings},
    )  # fmt: skip


def test_the_model_reads_the_text_with_guesses_and_only_there(tmp_path, data, model_folder):
    materials, updater = text_updater(data, model_folder, tmp_path)
    (passage,) = updater.passages_of(0)
    guess, tell = passage.objectives
    share = passage.share
    replaced = 0
    for batch in updater.reader.batches(share):
        as_read, _ = passage.read(batch, updater.reader)
        flat = as_read.ids.flatten()
        for start, length, member in zip(
            batch.starts.tolist(), batch.lengths.tolist(), batch.members.tolist(), strict=True
        ):
            ids = flat[start : start + length].numpy()
            differs = ids != share.original[member]
            assert not (differs & ~share.guessed[member]).any()
            assert ids.tolist().count(materials.tokenizer.mask_id) == 0
            replaced += int(differs.sum())
        rows = flat[as_read.places] != torch.from_numpy(
            np.concatenate([share.original[member] for member in batch.members.tolist()])
        )
        assert rows.tolist() == as_read.is_replaced.tolist()
    assert 0 < replaced <= guess.count(share)
    assert tell.count(share) == share.num_pieces
    assert (guess.weight, tell.weight) == (1.0, 50.0)


def test_micro_batches_change_nothing(tmp_path, data, model_folder):
    found = []
    for budget in (16, 400):
        torch.manual_seed(0)
        materials, updater = text_updater(
            data, model_folder, tmp_path / str(budget), micro_tokens=budget
        )
        updater.run(2)
        named = [*materials.model.hugging_face.named_parameters()]
        found.append({name: p.grad.clone() for name, p in named if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], atol=1e-5, rtol=1e-3), name


@pytest.mark.parametrize("share", ["embeddings", "gradient-disentangled", "none"])
def test_the_generator_begins_as_the_model_and_shares_what_it_should(model_folder, share):
    model = load_model(str(model_folder), 0.0, torch.float32, device="cpu")
    before = model.hugging_face.get_input_embeddings().weight.detach().clone()
    generator = make_generator(model, None, share, Path("nowhere"))
    assert generator.depth == 1
    own = generator.hugging_face.get_input_embeddings().weight
    assert torch.equal(own, before)
    assert generator.decoder.weight is own
    assert torch.equal(model.table, before)
    ids = torch.tensor([[0, 5, 6, 2]])
    large = model.hugging_face.get_input_embeddings()
    assert torch.equal(large(ids)[0], before[ids[0]])
    large(ids).square().sum().backward()
    assert (own.grad is not None) == (share == "embeddings")
    assert (large.weight is own) == (share == "embeddings")
    first = generator.hugging_face.state_dict()
    for name, tensor in model.hugging_face.state_dict().items():
        if "layer.0." in name:
            assert torch.equal(tensor, first[name])


SIZES = {"vocab_size": 60, "max_position_embeddings": 40}
HEADS = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24}


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("Bert", {"hidden_size": 16, **HEADS}),
        ("DistilBert", {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 24}),
        ("ModernBert", {"hidden_size": 16, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
                        "cls_token_id": 1, "sep_token_id": 2, **HEADS}),
        ("Xmod", {"hidden_size": 16, "languages": ["en_XX"], "default_language": "en_XX", **HEADS}),
    ],
)  # fmt: skip
def test_models_of_every_family_have_generators(family, settings):
    import transformers

    config = getattr(transformers, f"{family}Config")(**SIZES, **settings)
    whole = transformers.AutoModelForMaskedLM.from_config(config).eval()
    model = take_apart(whole, torch.float32, family)
    generator = make_generator(model, None, "gradient-disentangled", Path("nowhere"))
    assert generator.depth == 1
    frame = Frame([1], [2], 0, model.first_position)
    (batch,) = micro_batches([np.array([5, 6, 7])], frame, 100, torch.device("cpu"))
    before = model.states(batch)[0].detach()
    (
        before.sum() + generator.features(generator.states(batch)[0], torch.tensor([1])).sum()
    ).backward()
    join_embeddings(model)
    assert torch.allclose(model.states(batch)[0], before, atol=1e-6)


def test_disentangled_embeddings_become_one_table(model_folder):
    model = load_model(str(model_folder), 0.0, torch.float32, device="cpu")
    generator = make_generator(model, 1, "gradient-disentangled", Path("nowhere"))
    added = model.hugging_face.get_input_embeddings()
    assert isinstance(added, AddedEmbedding)
    with torch.no_grad():
        generator.hugging_face.get_input_embeddings().weight.normal_()
        added.weight.normal_()
    ids = torch.arange(9)[None]
    expected, table = added(ids), model.table.detach().clone()
    join_embeddings(model)
    plain = model.hugging_face.get_input_embeddings()
    assert type(plain) is nn.Embedding
    assert torch.equal(plain(ids), expected)
    assert torch.equal(model.table, table)


@pytest.mark.parametrize("share", ["embeddings", "gradient-disentangled", "none"])
def test_a_run_writes_an_encoder_and_its_generator_and_resumes(
    tmp_path, data, bitext, model_folder, run_cli, stopped_at, share
):
    import transformers

    def arguments(name: str, *extra: object) -> list[str]:
        more = ("--text", data / "*.txt", "--mlm-weight", 0, "--tlm-weight", 0, *REPLACED)
        given = (*more, "--share", share, "--steps", 4, "--unit", "lines", *extra)
        return flags(bitext, model_folder, tmp_path / name, *given)

    code, _, err = run_cli(*arguments("whole"))
    assert code == 0, err
    for label in ("MRTD generator loss", "MRTD loss", "TRTD generator loss", "TRTD loss"):
        assert label in err
    whole = tmp_path / "whole"
    transformers.utils.logging.disable_progress_bar()
    encoder = transformers.AutoModel.from_pretrained(whole, add_pooling_layer=False)
    generator = transformers.AutoModelForMaskedLM.from_pretrained(whole / "generator")
    assert encoder.config.num_hidden_layers == 3
    assert generator.config.num_hidden_layers == 1
    tables = [one.get_input_embeddings().weight for one in (encoder, generator)]
    assert torch.equal(*tables) == (share == "embeddings")
    head = Detector(16)
    head.load_state_dict(load_file(whole / "replaced-tokens.safetensors"))
    if share != "gradient-disentangled":
        return
    with stopped_at(1):
        run_cli(*arguments("parts"))
    code, _, err = run_cli(*arguments("parts", "--resume"))
    assert code == 0, err
    for name in ("model.safetensors", "generator/model.safetensors", "replaced-tokens.safetensors"):
        assert (tmp_path / "parts" / name).read_bytes() == (whole / name).read_bytes()
    assert curve(tmp_path / "parts") == curve(whole)

    # the folder goes on with its own generator
    code, _, err = run_cli(
        *flags(bitext, whole, tmp_path / "on", "--mlm-weight", 0, "--tlm-weight", 0,
               "--trtd-weight", 1, "--steps", 1, "--share", share)
    )  # fmt: skip
    assert code == 0, err


def test_replaced_pieces_are_told(tmp_path, model_folder):
    """Every line says one word again and again: what differs from the others was replaced.

    The loss is beside the entropy of how many pieces were replaced at that moment, which is what a
    detector reaches that knows nothing else; the generator is soon too good to leave any.
    """
    from tests.teachers import WORDS

    rng = np.random.default_rng(0)
    lines = (" ".join([WORDS[rng.integers(12)]] * 8) for _ in range(300))
    (tmp_path / "en.txt").write_text("\n".join(lines))
    _, updater = text_updater(
        tmp_path,
        model_folder,
        tmp_path / "work",
        text=(str(tmp_path / "en.txt"),),
        unit="lines",
        mrtd_batch=16,
        share="none",
        detector_weight=5.0,
    )
    updater.clip = 1.0
    set_rate(updater.optimizer, 1e-2)
    beside_chance = []
    for step in range(80):
        updater.run(step)
        if step >= 40 and step % 10 == 0:
            loss, share = told(updater, 1000 + step)
            if share > 0.02:
                entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
                beside_chance.append(loss / entropy)
    assert min(beside_chance) < 0.5, beside_chance


def told(updater: Updater, step: int) -> tuple[float, float]:
    """The detector's mean loss on the text of an update, and the share of pieces replaced in it."""
    (passage,) = updater.passages_of(step)
    _, tell = passage.objectives
    loss, replaced = 0.0, 0
    with torch.no_grad():
        for batch in updater.reader.batches(passage.share):
            as_read, states = passage.read(batch, updater.reader)
            loss += float(tell.loss_sum(passage.share, as_read, states, None))
            replaced += int(as_read.is_replaced.sum())
    number = tell.count(passage.share)
    return loss / number, replaced / number
