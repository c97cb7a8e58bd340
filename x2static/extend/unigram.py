"""A new tokenizer of XLM-R's kind, trained on text: unigram pieces behind a metaspace."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from x2static.core.errors import ConfigError, require

_THREADS = 4  # sums are taken thread by thread: another number gives other last digits
_LONGEST = 1 << 20  # bytes of a word


@dataclass(frozen=True)
class Controls:
    """The control tokens of a tokenizer.

    Attributes:
        begin: stands before a text.
        pad: fills a row up.
        end: stands after a text.
        unknown: stands for what no piece covers.
        mask: hides a piece.
        order: the first four, as their ids are; the mask comes after all pieces.
    """

    begin: str = "<s>"
    pad: str = "<pad>"
    end: str = "</s>"
    unknown: str = "<unk>"
    mask: str = "<mask>"
    order: tuple[str, ...] = ("<s>", "<pad>", "</s>", "<unk>")

    def roles(self) -> Iterator[tuple[str, str]]:
        """The first four by what SentencePiece calls them."""
        yield from (
            ("bos", self.begin),
            ("pad", self.pad),
            ("eos", self.end),
            ("unk", self.unknown),
        )


def train_unigram(
    lines: Iterable[str],
    pieces: int,
    positions: int,
    setting: str,
    *,
    lowercase: bool = False,
    controls: Controls | None = None,
) -> Any:
    """A Hugging Face fast tokenizer; a small text gives fewer pieces than asked for.

    SentencePiece trains it, for the trainer of the tokenizers library gives other pieces each time.

    Args:
        lines: of text.
        pieces: size of the vocabulary, control tokens included.
        positions: longest input, written into the tokenizer.
        setting: what asked for so many pieces, for messages.
        lowercase: whether it reads all text in lower case.
        controls: the control tokens, XLM-R's by default.

    Raises:
        ConfigError: fewer pieces than the text has letters.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokens = controls or Controls()
    steps = [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    normalizer = normalizers.Sequence([*steps, *[normalizers.Lowercase()] * lowercase])
    # A mark that follows a letter is a piece of its own; one between spaces keeps its space.
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex(r"▁?\p{P}"), "isolated")]
    )
    words: Counter[str] = Counter()
    for line in lines:
        words.update(w for w, _ in splitter.pre_tokenize_str(normalizer.normalize_str(line)))
    words.pop("", None)
    found = _trained(words, pieces - 1, tokens, setting) if words else []
    found = found or [(token, 0.0) for token in tokens.order]
    backend = Tokenizer(models.Unigram(found, unk_id=tokens.order.index(tokens.unknown)))
    backend.decoder = decoders.Metaspace()
    backend.normalizer, backend.pre_tokenizer = normalizer, splitter
    return _finished(backend, tokens, positions)


def _trained(
    words: Counter[str], pieces: int, tokens: Controls, setting: str
) -> list[tuple[str, float]]:
    """Pieces with their scores, control tokens first, from words and how often they come."""
    trainer = require("sentencepiece", "distill", "training a tokenizer").SentencePieceTrainer
    ids = {f"{role}_id": tokens.order.index(token) for role, token in tokens.roles()}
    names = {f"{role}_piece": token for role, token in tokens.roles()}
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as stream:
        stream.writelines(f"{word}\t{words[word]}\n" for word in sorted(words))
        stream.flush()
        try:
            trainer.train(
                input=stream.name, input_format="tsv", model_writer=model, vocab_size=pieces,
                model_type="unigram", hard_vocab_limit=False, character_coverage=1.0,
                normalization_rule_name="identity", add_dummy_prefix=False,
                remove_extra_whitespaces=False, split_by_whitespace=False,
                split_by_unicode_script=False, split_by_number=False, num_threads=_THREADS,
                max_sentence_length=_LONGEST, minloglevel=3, **ids, **names,
            )  # fmt: skip
        except RuntimeError as error:  # fewer pieces than letters
            reason = str(error).rpartition("] ")[2].rstrip(".")
            raise ConfigError(
                f"{setting} is too small for this text ({reason}); give more"
            ) from error
    processor = require("sentencepiece", "distill", "training a tokenizer").SentencePieceProcessor(
        model_proto=model.getvalue()
    )
    return [
        (processor.id_to_piece(number), processor.get_score(number))
        for number in range(processor.get_piece_size())
    ]


def _finished(backend: Any, tokens: Controls, positions: int) -> Any:
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    begin, end = tokens.begin, tokens.end
    backend.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(token, tokens.order.index(token)) for token in (begin, end)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=begin,
        eos_token=end,
        cls_token=begin,
        sep_token=end,
        pad_token=tokens.pad,
        unk_token=tokens.unknown,
        mask_token=tokens.mask,
        model_max_length=positions,
    )
