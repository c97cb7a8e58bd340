"""Folders that are no model, or not a sound one, for every command that reads a model."""

from __future__ import annotations

from collections.abc import Mapping

from tests.eval.downstream_pieces import tagged_text
from tests.hostile.case import Case, Content
from tests.hostile.models import mixed, model, spoiled, without
from tests.hostile.parts import SENTENCES, deep_json, folder, native, vec

TEXT: dict[str, Content] = {"c.txt": SENTENCES, "t.tsv": tagged_text(8)}
COMMANDS = {
    "distill": "distill --corpus c.txt --teacher m --min-count 1 --device cpu --output out",
    "pretrain": "pretrain --text en=c.txt --loss none --model m --device cpu --output out",
    "tagging": "eval tagging --model m --train t.tsv --test t.tsv --device cpu",
    "retrieval": "eval retrieval --model m --source c.txt --target c.txt --layer 1 --device cpu",
}
KIND = {"distill": "teacher", "retrieval": "teacher", "pretrain": "masked", "tagging": "bert"}


def of_each(
    name: str, line: str | Mapping[str, str], make: Content | Mapping[str, Content]
) -> list[Case]:
    """A case for each command that reads a model."""
    cases = []
    for command, words in COMMANDS.items():
        content = make[command] if isinstance(make, Mapping) else make
        expected = line[command] if isinstance(line, Mapping) else line
        cases.append(
            Case(
                name=f"{command}-{name}",
                command=words,
                files={**TEXT, "m": content},
                line=f"error: m: .*{expected}",
            )
        )
    return cases


def changed(**settings: object) -> dict[str, Content]:
    """Each command's own kind of model, with other words in its config."""
    return {command: model(kind, **settings) for command, kind in KIND.items()}


def torn(name: str, content: bytes | None) -> dict[str, Content]:
    """Each command's own kind of model with a spoiled file."""
    return {command: spoiled(name, content, kind) for command, kind in KIND.items()}


def lacking(name: str) -> dict[str, Content]:
    """Each command's own kind of model without some files."""
    return {command: without(name, kind) for command, kind in KIND.items()}


NOT_FIT = "its weights do not fit its config|its weights hold"
CASES = [
    *of_each("empty-folder", "not a model that can be loaded|no tokenizer", folder),
    *of_each("word-vectors", "word vectors, no transformer|no tokenizer",
             lambda path: (path.mkdir(), (path / "vectors.safetensors").write_bytes(native()))),
    *of_each("a-billion-layers", "says num_hidden_layers = 1000000000", changed(num_hidden_layers=10**9)),
    *of_each("minus-one-layers", "says num_hidden_layers = -1", changed(num_hidden_layers=-1)),
    *of_each("no-layers", "says num_hidden_layers = 0", changed(num_hidden_layers=0)),
    *of_each("four-layers-in-words", "says num_hidden_layers = 'four'", changed(num_hidden_layers="four")),
    *of_each("layers-nested", r"says num_hidden_layers = \[4\]", changed(num_hidden_layers=[4])),
    *of_each("width-nested", "'hidden_size' expected int", changed(hidden_size={"a": [1]})),
    *of_each("width-zero", "no model can be built", changed(hidden_size=0)),
    *of_each("heads-do-not-divide", "no model can be built", changed(num_attention_heads=3)),
    *of_each("vocabulary-of-billions", "describes .* parameters", changed(vocab_size=10**10)),
    *of_each("more-layers-than-weights", NOT_FIT, changed(num_hidden_layers=6)),
    *of_each("inner-width-differs", "cannot be loaded|no masked|do not fit", changed(intermediate_size=25)),
    *of_each("family-nested", "must name a model_type", changed(model_type=[1])),
    *of_each("family-unknown", "not a model that can be loaded", changed(model_type="mystery")),
    *of_each("encoder-decoder", "t5 is an encoder-decoder", model("t5")),
    *of_each("without-tokenizer", "no tokenizer in this folder", lacking("token*")),
    *of_each("without-weights", "cannot be loaded|no masked", lacking("*.safetensors")),
    *of_each("weights-cut-off", "cannot be loaded|no masked|its weights have", torn("model.safetensors", None)),
    *of_each("weights-of-two-bytes", "its weights have 2 bytes", torn("model.safetensors", b"{}")),
    *of_each("config-cut-off", "config.json cannot be read", torn("config.json", None)),
    *of_each("config-is-a-list", "must hold an object, found list", torn("config.json", b"[]")),
    *of_each("config-deep", "nested too deep", torn("config.json", deep_json().encode())),
    *of_each("config-not-utf-8", "config.json cannot be read", torn("config.json", b"\xff\xfe\x00")),
    *of_each("tokenizer-cut-off", "its tokenizer cannot be loaded", torn("tokenizer.json", None)),
    *of_each("tokenizer-of-another", "they do not belong together",
             {"distill": mixed("teacher", "bert"), "retrieval": mixed("teacher", "bert"),
              "pretrain": mixed("masked", "bert"), "tagging": mixed("bert", "roberta")}),
    *[case for case in of_each("left-to-right", "gpt2 reads from left to right only", model("gpt2"))
      if case.name.startswith(("distill", "retrieval"))],
    Case(name="distill-no-such-folder", command="distill --corpus c.txt --teacher ./none --output out",
         files=TEXT, line=r"\./none: no such model folder"),
    Case(name="distill-teacher-is-a-file", command="distill --corpus c.txt --teacher ./c.txt --output out",
         files=TEXT, line="c.txt: "),
    Case(name="distill-teacher-is-vectors-in-text", command="distill --corpus c.txt --teacher ./en.vec --output out",
         files={**TEXT, "en.vec": vec()}, line="en.vec: "),
    *[Case(name=f"distill-layer-{layer}", command=f"{COMMANDS['distill']} --layer {layer}",
           files={**TEXT, "m": model()}, line=f"--layer {layer}: this teacher has 4 layers")
      for layer in (5, 99, -6, 2**62)],
    Case(name="distill-no-room-for-a-word", command=f"{COMMANDS['distill']} --max-pieces 2",
         files={**TEXT, "m": model()}, line="--max-pieces must be at least 3"),
]  # fmt: skip
