"""A language is added, and the model stays what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from tests.continued_pretraining.conftest import save_masked_model
from tests.extend.conftest import Command, arguments, write_lines
from x2static.core.errors import TeacherError
from x2static.teacher import Teacher, load_teacher
from x2static.teacher.added.language_file import read_language

IDS = torch.tensor([[0, 5, 6, 7, 2]])


def load(folder: Path, language: str | None = None, layer: int = 3) -> Teacher:
    return load_teacher(str(folder), layer, "cpu", "fp32", language=language)


def save_modular_model(folder: Path) -> Path:
    """A model with modules of German and English, and its tokenizer."""
    from tests.continued_pretraining.model.test_modular import build
    from tests.teachers import unigram_tokenizer

    tokenizer = unigram_tokenizer()
    made = build(("de", "en")).hugging_face
    made.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_the_base_is_copied_byte_for_byte_and_answers_as_before(base: Path, extended: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert (extended / name).read_bytes() == (base / name).read_bytes()
    before, after = load(base), load(extended)
    wanted = before.hidden_states(IDS, None)
    torch.testing.assert_close(after.hidden_states(IDS, None), wanted, rtol=0, atol=0)
    after.speak("fi")
    assert not torch.equal(after.hidden_states(IDS, None), wanted)
    after.speak("en")
    torch.testing.assert_close(after.hidden_states(IDS, None), wanted, rtol=0, atol=0)


def test_the_language_has_its_own_pieces_and_nothing_else(base: Path, extended: Path) -> None:
    file = read_language(extended / "languages" / "fi.safetensors")
    assert sorted(file.tensors) == [
        "embeddings.position_embeddings.weight",
        "embeddings.word_embeddings.weight",
        "lm_head.bias",
    ]
    assert file.tensors["embeddings.word_embeddings.weight"].shape == (36, 16)
    teacher = load(extended, "fin")
    shared = dict(transformers.AutoModel.from_pretrained(base).named_parameters())
    for name, weight in teacher.model.named_parameters():
        if "word_embeddings" not in name and "position_embeddings" not in name:
            assert torch.equal(weight, shared[name]), name
    words = teacher.pieces.encode(["kissa", "matolla"])
    assert len(words.ids) > 0
    assert words.ids.max() < 36


def test_the_record_says_what_learned(extended: Path) -> None:
    record = json.loads((extended / "languages" / "fi" / "run.json").read_text())
    counts = record["counts"]
    assert counts["pieces"] == 36
    assert counts["updates"] == 4
    assert counts["trained_weights"] == 36 * 16 + 42 * 16 + 36
    first = record["training"]["first_validation"]["mlm"]
    assert record["training"]["chosen"]["validation"]["mlm"] < first
    assert not (extended.parent / "model.unfinished").exists()


def test_a_second_language_lies_beside_the_first(
    extended: Path, text: Path, tmp_path: Path, run_cli: Command
) -> None:
    output = tmp_path / "two"
    command = arguments(extended, text, output)
    command[command.index("fi")] = "et"
    code, _, err = run_cli(*command)
    assert code == 0, err
    first = Path("languages", "fi.safetensors")
    assert (output / first).read_bytes() == (extended / first).read_bytes()
    et, fi = (load(output, code) for code in ("et", "fi"))
    alone = load(extended, "fi")
    assert torch.equal(fi.hidden_states(IDS, None), alone.hidden_states(IDS, None))
    assert torch.equal(et.hidden_states(IDS, None), fi.hidden_states(IDS, None))  # the same text


def test_a_file_beside_another_copy_of_the_base_works_and_beside_another_base_does_not(
    base: Path, extended: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(base, tmp_path / "copy")
    shutil.copytree(extended / "languages", copy / "languages")
    wanted = load(extended, "fi").hidden_states(IDS, None)
    found = load(copy, "fi", 2)  # cut: fewer weights to compare
    assert found.module is None
    found = load(copy, "fi")
    torch.testing.assert_close(found.hidden_states(IDS, None), wanted, rtol=0, atol=0)
    other = save_masked_model(tmp_path / "other", seed=2)
    shutil.copytree(extended / "languages", other / "languages")
    with pytest.raises(TeacherError, match="added to another model.*shared weights differ"):
        load(other, "fi")
    load(other)  # its own languages are as they were


def test_pretraining_goes_on_in_the_language_and_leaves_a_plain_model(
    extended: Path, text: Path, tmp_path: Path, run_cli: Command, refuses: Command
) -> None:
    command = ["pretrain", "--model", extended, "--loss", "none", "--steps", 1, "--block", 16,
               "--device", "cpu", "--mlm-batch", 4, "--output", tmp_path / "plain"]  # fmt: skip
    refuses(
        "fi was added with a vocabulary of its own.*leave de out",
        *command,
        "--text",
        f"fi={text}",
        f"de={text}",
    )
    code, _, err = run_cli(*command, "--text", f"fi={text}")
    assert code == 0, err
    plain = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "plain")
    assert plain.config.vocab_size == 36
    assert plain.get_output_embeddings().weight.shape == (36, 16)


def test_a_bit_of_a_shared_weight_is_enough(base: Path, extended: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(extended, tmp_path / "copy")
    weights = load_file(copy / "model.safetensors")
    name = next(n for n in weights if "layer.1.attention.self.query.weight" in n)
    weights[name][0, 0] = torch.nextafter(weights[name][0, 0], torch.tensor(9.0))
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TeacherError, match="1 of .* shared weights differ.*layer.1"):
        load(copy, "fi")


def test_the_same_command_gives_the_same_bytes(
    base: Path, text: Path, extended: Path, tmp_path: Path, run_cli: Command
) -> None:
    code, _, err = run_cli(*arguments(base, text, tmp_path / "again"))
    assert code == 0, err
    name = Path("languages", "fi.safetensors")
    assert (tmp_path / "again" / name).read_bytes() == (extended / name).read_bytes()


def test_mistakes_are_one_line(
    base: Path, text: Path, extended: Path, tmp_path: Path, refuses: Command
) -> None:
    out = tmp_path / "out"
    refuses("has it already.*--replace", *arguments(extended, text, out))
    cyrillic = tmp_path / "ru.txt"
    cyrillic.write_text("привет мир это текст\n" * 40, encoding="utf-8")
    refuses("most are Cyrillic", *arguments(base, cyrillic, out))
    refuses(
        r"this text gives \d+ pieces; ask for \d+ or fewer",
        *arguments(base, text, out, "--vocabulary", 4000),
    )
    refuses("needs --vectors of two languages", *arguments(base, text, out, "--init", "wechsel"))
    refuses("serves --init wechsel", *arguments(base, text, out, "--lexicon", text))
    assert not out.exists()
    assert not out.with_name("out.unfinished").exists()


def test_the_largest_vocabulary_that_is_named_works(
    base: Path, tmp_path: Path, run_cli: Command
) -> None:
    import re

    small = write_lines(tmp_path / "small.txt", 60)
    command = arguments(base, small, tmp_path / "out", "--vocabulary", 3000)
    code, _, err = run_cli(*command)
    assert code == 2
    (number,) = re.findall(r"ask for (\d+)", err)
    code, _, err = run_cli(*command, "--vocabulary", number)
    assert code == 0, err


def test_the_models_own_tokenizer_may_serve(
    base: Path, text: Path, tmp_path: Path, run_cli: Command
) -> None:
    code, _, err = run_cli(*arguments(base, text, tmp_path / "own", "--tokenizer", "base"))
    assert code == 0, err
    file = read_language(tmp_path / "own" / "languages" / "fi.safetensors")
    start = transformers.AutoModelForMaskedLM.from_pretrained(base)
    assert file.pieces == start.config.vocab_size


def test_a_modular_model_gets_a_module_for_the_language(
    text: Path, tmp_path: Path, run_cli: Command, refuses: Command
) -> None:
    folder = save_modular_model(tmp_path / "modular")
    command = arguments(folder, text, tmp_path / "out")
    code, _, err = run_cli(*command)
    assert code == 0, err
    file = read_language(tmp_path / "out" / "languages" / "fi.safetensors")
    modules = {name for name in file.tensors if ".adapter_modules.fi." in name}
    assert len(modules) == 3 * 4
    before, after = load(folder, "de"), load(tmp_path / "out", "de")
    assert torch.equal(before.hidden_states(IDS, None), after.hidden_states(IDS, None))
    after.speak("fi")
    finnish = after.hidden_states(IDS, None)
    assert after.module == "fi"
    assert not torch.equal(finnish, before.hidden_states(IDS, None))
    after.speak("de")
    assert torch.equal(before.hidden_states(IDS, None), after.hidden_states(IDS, None))
    command[command.index("fi")] = "de"
    refuses("was trained with it, as its module de", *command[:-1], tmp_path / "de")
    code, _, err = run_cli("extend", "export", "--model", tmp_path / "out", "--language", "fi",
                           "--output", tmp_path / "plain")  # fmt: skip
    assert code == 0, err
    plain = transformers.XmodModel.from_pretrained(tmp_path / "plain").eval()
    assert list(plain.config.languages) == ["fi"]
    with torch.no_grad():
        found = plain(IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state
    torch.testing.assert_close(found, finnish, rtol=1e-5, atol=1e-5)


def test_a_plain_model_gets_modules_and_answers_as_before(
    base: Path, text: Path, extended: Path, tmp_path: Path, run_cli: Command, refuses: Command
) -> None:
    out, plain = tmp_path / "out", tmp_path / "plain"
    code, _, err = run_cli(*arguments(extended, text, out, "--modules", "--replace"))
    assert code == 0, err
    file = read_language(out / "languages" / "fi.safetensors")
    assert len([name for name in file.tensors if ".adapter_modules.fi." in name]) == 3 * 4
    learned = "encoder.layer.0.output.adapter_modules.fi.dense2.weight"
    assert file.tensors[learned].abs().sum() > 0  # it began at zero
    wanted = load(base).hidden_states(IDS, None)
    after = load(out)
    for language in (None, "fi", "en", "fi", None):
        after.speak(language)
        found = after.hidden_states(IDS, None)
        assert torch.equal(found, wanted) == (language != "fi")
    after.speak("fi")
    code, _, err = run_cli("extend", "export", "--model", out, "--language", "fi",
                           "--output", plain)  # fmt: skip
    assert code == 0, err
    alone = transformers.XmodModel.from_pretrained(plain).eval()
    assert list(alone.config.languages) == ["fi"]
    with torch.no_grad():
        found = alone(IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state
    torch.testing.assert_close(found, after.hidden_states(IDS, None), rtol=1e-5, atol=1e-5)
    copy = shutil.copytree(base, tmp_path / "copy")
    shutil.copytree(out / "languages", copy / "languages")
    with pytest.raises(TeacherError, match="has modules, and this model has none"):
        load(copy, "fi")


def test_languages_with_and_without_modules_share_a_base(
    base: Path, text: Path, extended: Path, tmp_path: Path, run_cli: Command
) -> None:
    out = tmp_path / "out"
    command = arguments(extended, text, out, "--modules")
    command[command.index("fi")] = "et"
    code, _, err = run_cli(*command)
    assert code == 0, err
    both = load(out, "et")
    assert both.module == "et"
    both.speak("fi")
    assert torch.equal(both.hidden_states(IDS, None), load(extended, "fi").hidden_states(IDS, None))
    command = arguments(out, text, tmp_path / "three")
    command[command.index("fi")] = "hu"
    code, _, err = run_cli(*command)
    assert code == 0, err  # words and positions alone
    file = read_language(tmp_path / "three" / "languages" / "hu.safetensors")
    assert not any("adapter_modules" in name for name in file.tensors)
    code, _, err = run_cli("extend", "export", "--model", tmp_path / "three", "--language", "hu",
                           "--output", tmp_path / "plain")  # fmt: skip
    assert code == 0, err
    alone = transformers.XmodModel.from_pretrained(tmp_path / "plain").eval()
    with torch.no_grad():
        found = alone(IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state
    wanted = load(tmp_path / "three", "hu").hidden_states(IDS, None)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_a_model_of_one_module_a_language_refuses_a_language_without(
    text: Path, tmp_path: Path, refuses: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_modular_model(tmp_path / "modular")
    capsys.readouterr()  # what the library said
    refuses(
        "--no-modules: .* has a module for each",
        *arguments(folder, text, tmp_path / "out", "--no-modules"),
    )
