"""A unigram tokenizer of XLM-R's kind: untrained, trained on lines, or made from scored pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from x2static.core.errors import WorkbenchError

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"


def untrained(lowercase: bool, model: Any = None) -> Any:
    """The tokenizers library's object that cleans text and cuts it into words.

    Args:
        lowercase: whether it reads all text in lower case.
        model: what cuts words into pieces (default: an empty one, to be trained).
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    backend = Tokenizer(models.Unigram() if model is None else model)
    backend.decoder = decoders.Metaspace()
    steps = [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    backend.normalizer = normalizers.Sequence([*steps, *[normalizers.Lowercase()] * lowercase])
    # A mark that follows a letter is a piece of its own; one between spaces keeps its space.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex(r"▁?\p{P}"), "isolated")]
    )
    return backend


def train_pieces(
    backend: Any, lines: Iterable[str], pieces: int, specials: Sequence[str]
) -> str | None:
    """Learn at most ``pieces`` pieces, ``specials`` among them; what went wrong, or None."""
    from tokenizers.trainers import UnigramTrainer

    trainer = UnigramTrainer(
        vocab_size=pieces, special_tokens=list(specials), unk_token="<unk>", show_progress=False
    )
    try:
        backend.train_from_iterator(lines, trainer)
    except WorkbenchError:
        raise
    except Exception as error:  # the library's own kind: fewer pieces than letters
        return str(error)
    return None


def from_scores(scored: Sequence[tuple[str, float]], lowercase: bool) -> Any:
    """The same object for pieces and their log probabilities, after the control tokens."""
    from tokenizers import AddedToken, models

    controls = [(token, 0.0) for token in SPECIALS]
    model = models.Unigram([*controls, *scored], SPECIALS.index("<unk>"), byte_fallback=False)
    backend = untrained(lowercase, model)
    backend.add_special_tokens([AddedToken(token, special=True) for token in SPECIALS])
    return backend


def as_hugging_face(backend: Any, positions: int) -> Any:
    """A trained tokenizer with XLM-R's control tokens; ``positions`` is the longest input."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=MASK,
        model_max_length=positions,
    )
