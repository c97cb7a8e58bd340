"""Tiny encoders of several families, built in memory and saved like real ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WORDS = (
    "the", "a", "cat", "dog", "mouse", "sat", "ran", "on", "under", "mat", "rug", "and", "slept",
    "big", "small", "red", "old", "house", "tree",

)  # fmt: skip
DEPTH = 4
WIDTH = 16
_COMMON: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}


def roberta_like(backend: Any, longest: int = 40) -> Any:
    """A tokenizer of Hugging Face with the special tokens of RoBERTa and XLM-R."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=longest,
    )


def unigram_tokenizer(specials: Sequence[str] = ("<s>", "<pad>", "</s>", "<unk>")) -> Any:
    """XLM-R's kind: unigram pieces behind a metaspace; the padding has id 1."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = sorted({letter for word in WORDS for letter in word} | set("<>/xyz"))
    pieces = [(token, 0.0) for token in specials]
    pieces += [("▁" + word, -2.0) for word in WORDS[:12]]
    pieces += [(letter, -6.0) for letter in ["▁", *letters]] + [("at", -3.0), ("ou", -3.0)]
    pieces += [("<mask>", 0.0)]
    backend = Tokenizer(models.Unigram(pieces, unk_id=list(specials).index("<unk>")))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    ids = {token: number for number, token in enumerate(specials)}
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", ids["<s>"]), ("</s>", ids["</s>"])],
    )
    return roberta_like(backend)


def wordpiece_tokenizer() -> Any:
    """BERT's kind: the padding has id 0."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted({letter for word in WORDS for letter in word} | set("<>/[]MASKCLxyz"))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS[:12], *letters]
    tokens += ["##" + letter for letter in letters]
    tokens = list(dict.fromkeys(tokens))  # "a" is a word and a letter
    backend = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=40,
    )


def byte_tokenizer() -> Any:
    """RoBERTa's kind: byte-level BPE, where a word begins with a marked space."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet, "Ġc", "at", "Ġcat"]
    backend = Tokenizer(
        models.BPE({t: i for i, t in enumerate(tokens)}, [("Ġ", "c"), ("a", "t"), ("Ġc", "at")])
    )
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return roberta_like(backend)


def build_model(kind: str, vocabulary: int, seed: int = 1, depth: int = DEPTH) -> Any:
    """A random encoder of a family, in evaluation mode."""
    import torch
    import transformers

    torch.manual_seed(seed)
    size = {"vocab_size": vocabulary}
    configs: dict[str, Any] = {
        "xlm-roberta": lambda: transformers.XLMRobertaConfig(**_COMMON, **size, pad_token_id=1),
        "roberta": lambda: transformers.RobertaConfig(**_COMMON, **size, pad_token_id=1),
        "bert": lambda: transformers.BertConfig(**_COMMON, **size, pad_token_id=0),
        "distilbert": lambda: transformers.DistilBertConfig(
            dim=WIDTH, n_layers=DEPTH, n_heads=2, hidden_dim=24, max_position_embeddings=40,
            **size, pad_token_id=0,
        ),
        "xmod": lambda: transformers.XmodConfig(
            **_COMMON, **size, pad_token_id=1, languages=("en_XX", "de_DE"),
            default_language="en_XX",
        ),
        "modernbert": lambda: transformers.ModernBertConfig(
            **_COMMON, **size, pad_token_id=0, local_attention=8, attn_implementation="sdpa"
        ),
    }  # fmt: skip
    config = configs[kind]()
    config.num_hidden_layers = depth
    model = transformers.AutoModel.from_config(config)
    with torch.no_grad():  # the usual tiny start leaves random models almost linear
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    return model.eval()


TOKENIZERS = {
    "xlm-roberta": unigram_tokenizer,
    "roberta": byte_tokenizer,
    "bert": wordpiece_tokenizer,
    "distilbert": wordpiece_tokenizer,
    "xmod": unigram_tokenizer,
    "modernbert": wordpiece_tokenizer,
}


def save_teacher(
    folder: Path, kind: str = "xlm-roberta", seed: int = 1, depth: int = DEPTH
) -> Path:
    """A teacher folder as Hugging Face writes it."""
    tokenizer = TOKENIZERS[kind]()
    build_model(kind, len(tokenizer), seed, depth).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
