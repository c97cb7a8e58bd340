"""Models with a module for each language: routed rows, gradients where text was, plain folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from continued_pretraining.model.masked_model import MaskedModel, load_model, route, take_apart
from continued_pretraining.text.batch import Frame, micro_batches
from x2static.teacher import load_teacher
from x2static.teacher.load import load_tokenizer
from x2static.teacher.loading.modular import made_modular, modular_settings

LANGUAGES = ("de", "en", "fr")


def build(languages: tuple[str, ...] = LANGUAGES, *, before_norm: bool = False) -> MaskedModel:
    torch.manual_seed(0)
    config = transformers.XmodConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=42,
        pad_token_id=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **modular_settings(languages, residual_before_norm=before_norm),
    )
    model = transformers.XmodForMaskedLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(5)
    made = take_apart(model.eval(), torch.float32, "m")
    route(made, languages, "m")
    return made


def sequences(rng: np.random.Generator, count: int, longest: int) -> list[np.ndarray]:
    return [rng.integers(4, 49, size=rng.integers(2, longest)) for _ in range(count)]


@pytest.mark.parametrize("before_norm", [False, True])
@pytest.mark.parametrize("first_position", [None, 2])
def test_routed_rows_are_those_of_the_library(
    before_norm: bool, first_position: int | None, rng: np.random.Generator
) -> None:
    model = build(before_norm=before_norm)
    texts = sequences(rng, 14, 9)
    numbers = rng.integers(0, 3, size=14)
    frame = Frame([0], [2], 1, first_position)
    library = transformers.XmodForMaskedLM(model.hugging_face.config).eval()
    library.load_state_dict(model.hugging_face.state_dict())
    seen = 0
    for batch in micro_batches(texts, frame, 64, torch.device("cpu"), numbers):
        assert sum(rows for _, rows in batch.spoken) == len(batch.ids)
        with torch.no_grad():
            states = model.states(batch)[0].flatten(0, 1)
        for member, start, length in zip(batch.members, batch.starts, batch.lengths, strict=True):
            ids = torch.tensor([[0, *texts[member], 2]])
            language = torch.tensor([numbers[member]])
            with torch.no_grad():
                wanted = library.roberta(ids, lang_ids=language).last_hidden_state[0, 1:-1]
            torch.testing.assert_close(states[start : start + length], wanted, rtol=1e-4, atol=1e-5)
            seen += 1
    assert seen == 14


def test_only_modules_that_saw_text_have_gradients(rng: np.random.Generator) -> None:
    model = build()
    numbers = np.array([0, 2, 0, 2])
    frame = Frame([0], [2], 1, 2)
    for batch in micro_batches(sequences(rng, 4, 9), frame, 64, torch.device("cpu"), numbers):
        model.states(batch)[0].square().sum().backward()
    reached = {
        name.split(".adapter_modules.")[1].split(".")[0]
        for name, parameter in model.hugging_face.named_parameters()
        if ".adapter_modules." in name and parameter.grad is not None
    }
    assert reached == {"de", "fr"}


def test_each_module_runs_once_a_language(rng: np.random.Generator) -> None:
    model = build()
    calls: list[int] = []
    block = model.blocks[0].output
    for module in block.adapter_modules.values():
        module.register_forward_hook(lambda m, inputs, out: calls.append(len(inputs[0])))
    texts = [np.full(6, 9) for _ in range(9)]
    (batch,) = micro_batches(
        texts, Frame([0], [2], 1, 2), 1000, torch.device("cpu"), np.arange(9) % 3
    )
    model.states(batch)
    assert calls == [3, 3, 3]


@pytest.mark.parametrize("names", [("de", "en"), ("shared",)])
def test_a_model_without_modules_answers_as_before_when_it_gets_them(
    names: tuple[str, ...], model_folder: Path
) -> None:
    plain = transformers.AutoModelForMaskedLM.from_pretrained(model_folder).eval()
    made = made_modular(plain, names, "m").eval()
    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 8, 2, 1, 1]])
    mask = (ids != 1).long()
    for number in range(len(names)):
        found = made(ids, attention_mask=mask, lang_ids=torch.full((2,), number)).logits
        assert torch.equal(found, plain(ids, attention_mask=mask).logits)


def test_pretraining_with_modules_writes_a_plain_folder(
    data: Path, tmp_path: Path, run_cli: object, model_folder: Path
) -> None:
    code, _, err = run_cli(  # type: ignore[operator]
        "pretrain", "--text", data / "de.txt", data / "en.txt", "--modules", "languages",
        "--from-scratch", "layers=2,width=16,heads=2,vocabulary=34,positions=32", "--loss", "none",
        "--steps", 3, "--mlm-batch", 8, "--block", 16, "--device", "cpu", "--output",
        tmp_path / "out", "--learning-rate", 0.01, "--validation-sequences", 8,
    )  # fmt: skip
    assert code == 0, err
    model = transformers.XmodForMaskedLM.from_pretrained(tmp_path / "out")
    assert list(model.config.languages) == ["de", "en"]
    weights = dict(model.named_parameters())
    first = "roberta.encoder.layer.0.output.adapter_modules.{}.dense1.weight"
    assert not torch.equal(weights[first.format("de")], weights[first.format("en")])
    assert load_teacher(str(tmp_path / "out"), 1, "cpu", language="de").module == "de"
    again = load_model(
        str(tmp_path / "out"),
        None,
        torch.float32,
        device="cpu",
        languages=["de", "en"],
        tokenizer=load_tokenizer(str(tmp_path / "out")),
    )
    assert again.languages == ("de", "en")


@pytest.mark.parametrize("kind", ["languages", "shared"])
def test_modules_for_a_checkpoint_begin_where_it_was(
    kind: str, data: Path, tmp_path: Path, run_cli: object, model_folder: Path
) -> None:
    import json

    losses = []
    for name, more in (("plain", []), ("modular", ["--modules", kind])):
        code, _, err = run_cli(  # type: ignore[operator]
            "pretrain", "--model", model_folder, "--text", data / "de.txt", data / "en.txt",
            "--loss", "none", "--steps", 2, "--mlm-batch", 4, "--block", 16, "--device", "cpu",
            "--temperature", 1, "--precision", "fp32", "--output", tmp_path / name, *more,
        )  # fmt: skip
        assert code == 0, err
        first = json.loads((tmp_path / name / "curve.jsonl").read_text().splitlines()[0])
        losses.append(first["validation"]["by_language"])
    for language, loss in losses[0].items():
        assert losses[1][language] == pytest.approx(loss, abs=1e-6)
    teacher = load_teacher(str(tmp_path / "modular"), 1, "cpu", language="de")
    assert teacher.module == ("de" if kind == "languages" else None)
