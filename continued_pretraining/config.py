"""Settings of ``x2static pretrain``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from continued_pretraining.settings.group_settings import GroupSettings
from continued_pretraining.settings.pair_settings import LARGEST_WEIGHT, PairSettings
from continued_pretraining.settings.part_settings import PartSettings
from continued_pretraining.settings.replaced_settings import ReplacedSettings
from continued_pretraining.settings.replay_settings import ReplaySettings
from continued_pretraining.settings.sentence_settings import SentenceSettings
from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, free, place

LossName = Literal["none", "dcca", "dgcca", "mse", "cosine", "infonce"]
Unit = Literal["blocks", "lines"]
Pooling = Literal["pieces", "all", "first", "cls"]
CheckpointChoice = Literal["last", "mlm", "objective", "pairs"]
_LARGEST_RATE = 1.0
CORRELATIONS = ("dcca", "dgcca")
FAULTS = ("padding", "centring", "batches")


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(
    GroupSettings, PairSettings, PartSettings, ReplacedSettings, SentenceSettings, ReplaySettings
):
    """Continue (or begin) the pre-training of a masked language model, aligned to static vectors.

    Each update minimises the masked language modelling loss on text, plus those on sentence pairs,
    plus a weighted alignment loss between states of words and their static vectors. FILES are
    paths, patterns in quotes, or LANGUAGE=PATH; otherwise the language is read off the file name
    (wiki/de.txt.gz is de).
    """

    text: Annotated[
        tuple[str, ...], place("FILES of text, one sentence or paragraph per line")
    ] = ()
    output: Annotated[Path, place("Hugging Face folder to write")]
    model: Annotated[str, "masked language model to start from: hub name or folder"] = (
        "xlm-roberta-base"
    )
    from_scratch: Annotated[
        str | None,
        "begin with an untrained XLM-R of this shape: "
        "layers=6,width=256[,heads=4,inner=1024,vocabulary=16000,positions=512]",
    ] = None
    tokenizer: Annotated[
        str | None, "from scratch: use this tokenizer (hub name or folder) instead of training one"
    ] = None
    lowercase: Annotated[bool, "from scratch: train a tokenizer that reads lower case"] = False
    embeddings_from: Annotated[
        tuple[str, ...],
        place("from scratch: FILES of vectors from which the pieces' embeddings start"),
    ] = ()
    vectors: Annotated[tuple[str, ...], place("FILES of aligned static vectors")] = ()
    loss: Annotated[LossName, "alignment loss; none for masked language modelling alone"] = "dcca"
    weight: Annotated[float, "of the alignment loss beside 1 for masked language modelling"] = 1.0
    weight_scale: Annotated[
        Literal["gradient", "loss"],
        "what --weight multiplies: a gradient as long as that of masked language modelling at the "
        "start, or the loss as it is",
    ] = "gradient"
    word_sampling: Annotated[
        Literal["frequency", "uniform"],
        "words alone: by the root of their frequency, without punctuation, numbers and the like; "
        "or all rows of --vectors alike, as published",
    ] = "frequency"
    words: Annotated[
        Literal["alone", "context"],
        "encode the words of --vectors alone, or where they occur in the text of the update",
    ] = "alone"
    align_layer: Annotated[int, "block whose states are aligned; -1 is the last"] = -1
    pool: Annotated[
        Pooling,
        "state of a word: mean of its pieces, mean with control tokens, first piece, or cls",
    ] = "pieces"
    components: Annotated[
        int | None, "dcca: strongest correlations that count (default: all); dgcca: default 10"
    ] = None
    memory: Annotated[
        int | None,
        "dcca, dgcca: words that the statistic stands on, earlier ones fading (default: 24 for "
        "each dimension; 0: those of the update alone)",
    ] = None
    repeat_faults: Annotated[
        tuple[str, ...],
        "faults of the published code to repeat: padding (attended to and averaged in), centring "
        "(over the wrong axis), batches (a statistic for every 64 words)",
    ] = ()
    ridge: Annotated[float, "dcca: regularisation, in mean variances of each view"] = 1.0
    contrast: Annotated[float, "infonce: temperature of the similarities"] = 0.05
    projection: Annotated[
        Literal["auto", "none", "rotate", "learn"],
        "mse, cosine, infonce: map between vectors and states; auto: rotate where widths differ",
    ] = "auto"
    target_scale: Annotated[
        Literal["match", "unit"],
        "mse: targets spread like the states at the start, or unit vectors as published",
    ] = "match"
    max_words: Annotated[int, "vectors of a language that are used, by falling frequency"] = 200_000
    unit: Annotated[
        Unit,
        "blocks: text cut into blocks of --block pieces, without padding; lines: one line each",
    ] = "blocks"
    block: Annotated[int, "pieces a sequence may have, control tokens included"] = 128
    mask_rate: Annotated[float, "share of the pieces to mask"] = 0.15
    steps: Annotated[int, "updates"] = 7500
    mlm_weight: Annotated[float, "of masked language modelling on text (0: none)"] = 1.0
    mlm_batch: Annotated[int, "sequences in an update, over all processes"] = 64
    align_batch: Annotated[int, "words in an update, over all processes: one statistic"] = 1024
    micro_tokens: Annotated[
        int | None, free("padded pieces in a micro-batch (default: by device)")
    ] = None
    learning_rate: Annotated[float, "peak learning rate of AdamW"] = 5e-5
    warmup: Annotated[int, "warm-up updates, over which the step size grows"] = 0
    decay: Annotated[Literal["linear", "cosine", "none"], "how the step size falls to 0"] = "linear"
    weight_decay: Annotated[float, "of AdamW, on matrices only"] = 0.0
    betas: Annotated[tuple[float, ...], "of AdamW"] = (0.9, 0.999)
    clip: Annotated[float, "gradient clipping: largest norm (0: none)"] = 1.0
    dropout: Annotated[float | None, "rate (default: the model's own; 0 from scratch)"] = None
    sampled_pieces: Annotated[
        int, "guess among this many random pieces and the right ones, not all (0: all)"
    ] = 0
    compile: Annotated[bool, free("compile the blocks with torch.compile")] = False
    device: Annotated[DeviceName, free(DEVICE)] = "auto"
    precision: Annotated[Literal["auto", "fp32", "bf16"], "precision of the matrix products"] = (
        "auto"
    )
    validate_every: Annotated[int, "updates between validations (0: only at the end)"] = 500
    validation_sequences: Annotated[int, "held-out sequences, in all"] = 256
    validation_words: Annotated[int, "held-out vectors, in all"] = 1024
    validation_pairs: Annotated[
        tuple[Path, ...], place("translated texts to retrieve, a tab between the two on each line")
    ] = ()
    pairs_layer: Annotated[int | None, "block that encodes them (default: --align-layer)"] = None
    choose: Annotated[
        CheckpointChoice,
        "which checkpoint wins: the last, or the best by validation (see docs/pretrain.md)",
    ] = "mlm"
    log_every: Annotated[int, free("updates between the lines of curve.jsonl")] = 10
    log_to: Annotated[tuple[str, ...], free("also log to: tensorboard wandb")] = ()
    cache_folder: Annotated[Path | None, free("keep tokenized text here, for further runs")] = None
    checkpoint_minutes: Annotated[float, free("time between checkpoints")] = 10.0
    seed: Annotated[int, "of every random draw"] = 0
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("replace an existing output and discard an unfinished run")] = (
        False
    )

    def __post_init__(self) -> None:
        for name, least in (
            ("weight", 0), ("mlm_weight", 0), ("components", 1), ("memory", 0), ("ridge", 0),
            ("max_words", 1),
            ("block", 4), ("steps", 1), ("mlm_batch", 1), ("align_batch", 2), ("micro_tokens", 1),
            ("learning_rate", 0), ("warmup", 0), ("weight_decay", 0), ("clip", 0), ("dropout", 0),
            ("sampled_pieces", 0), ("validate_every", 0), ("validation_sequences", 0),
            ("validation_words", 0), ("log_every", 1), ("checkpoint_minutes", 0), ("seed", 0),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                require_at_least(f"--{name.replace('_', '-')}", value, least)
        # AdamW moves each weight by about the learning rate in an update.
        require_at_most("--learning-rate", self.learning_rate, _LARGEST_RATE)
        require_at_most("--weight", self.weight, LARGEST_WEIGHT)
        require_at_most("--mlm-weight", self.mlm_weight, LARGEST_WEIGHT)
        require_at_most("--ridge", self.ridge, LARGEST_WEIGHT)
        if not 0 < self.mask_rate < 1:
            raise ConfigError(f"--mask-rate must lie between 0 and 1, got {self.mask_rate}")
        if self.dropout is not None and self.dropout >= 1:
            raise ConfigError(f"--dropout must be below 1, got {self.dropout}")
        if not self.contrast > 0:
            raise ConfigError(f"--contrast must be above 0, got {self.contrast}")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            shown = " ".join(map(str, self.betas))
            raise ConfigError(f"--betas: two numbers from 0 to below 1 are needed, got {shown}")
        for name in self.log_to:
            if name not in ("tensorboard", "wandb"):
                raise ConfigError(f"--log-to {name}: known are tensorboard and wandb")
        self.check_pairs()
        self.check_replaced()
        self.check_sentences()
        self.check_replay(has_text=bool(self.text), from_scratch=self.from_scratch is not None)
        self._check_sources()
        self.check_parts()
        self._check_combinations()

    def _check_sources(self) -> None:
        if self.reads_text and not self.text:
            raise ConfigError(
                "--text names no file; to learn from sentence pairs alone pass --mlm-weight 0"
            )
        if self.trtd_weight and not self.bitext:
            raise ConfigError("--trtd-weight needs --bitext")
        if self.sentence_weight and not self.bitext:
            raise ConfigError("--sentence-weight needs --bitext")
        if self.detects and self.sampled_pieces:
            raise ConfigError(
                "--sampled-pieces: a generator guesses among all pieces; leave it out"
            )
        if self.text and not self.reads_text:
            raise ConfigError("--mlm-weight 0: nothing would be learned from --text; leave it out")
        if not self.reads_text and not self.reads_pairs:
            raise ConfigError("--mlm-weight 0: nothing to learn; give --bitext or --mrtd-weight")
        if self.words == "context" and self.aligns and not self.mlm_weight:
            raise ConfigError("--words context reads the text of --mlm-weight, which is 0")
        if self.from_scratch is not None and self.tokenizer is None and not self.text:
            raise ConfigError("--from-scratch trains a tokenizer on --text; or give --tokenizer")

        if self.robust != "none" and not (self.tlm_weight or self.trtd_weight):
            raise ConfigError(
                f"--robust {self.robust} goes by the losses of TLM and TRTD; give one"
            )

    def _check_combinations(self) -> None:
        self.check_groups()
        if self.groups is not None and self.bitext:
            raise ConfigError("--groups trains on --text alone; leave --bitext out")
        if self.aligns and not self.vectors:
            raise ConfigError(
                f"--loss {self.loss} needs --vectors; for masked language modelling alone pass "
                "--loss none"
            )
        if self.from_scratch is None:
            for name in ("tokenizer", "lowercase", "embeddings_from"):
                if getattr(self, name):
                    flag = f"--{name.replace('_', '-')}"
                    raise ConfigError(f"{flag} serves --from-scratch; a model brings its own")
        if self.tokenizer is not None and self.lowercase:
            raise ConfigError("--lowercase trains a tokenizer; --tokenizer brings a trained one")
        if self.words == "context" and self.pool in ("all", "cls"):
            raise ConfigError(
                f"--pool {self.pool} takes control tokens, which a word in a text has not; use "
                "--pool pieces or first with --words context"
            )
        self._check_faults()
        self._check_choice()

    def _check_faults(self) -> None:
        for name in self.repeat_faults:
            if name not in FAULTS:
                raise ConfigError(f"--repeat-faults {name}: known are {', '.join(FAULTS)}")
        if "padding" in self.repeat_faults and (self.pool, self.words) != ("all", "alone"):
            raise ConfigError("--repeat-faults padding needs --pool all and --words alone")
        if set(self.repeat_faults) & {"centring", "batches"}:
            if self.loss not in CORRELATIONS:
                raise ConfigError("--repeat-faults centring and batches need --loss dgcca or dcca")
            if self.memory:
                raise ConfigError(
                    "--repeat-faults centring and batches know no earlier words; drop --memory"
                )

    def _check_choice(self) -> None:
        if self.choose == "pairs" and not self.validation_pairs:
            raise ConfigError("--choose pairs needs --validation-pairs")
        if self.choose in ("mlm", "objective") and not self.validation_sequences:
            raise ConfigError(f"--choose {self.choose} needs --validation-sequences of 1 or more")
        if self.choose == "objective" and self.aligns and self.validation_words < 2:
            raise ConfigError("--choose objective needs --validation-words of 2 or more")

    @property
    def aligns(self) -> bool:
        """Whether there is an alignment loss."""
        return self.loss != "none"

    @property
    def reads_text(self) -> bool:
        """Whether anything is learned from text."""
        return self.mlm_weight > 0 or self.mrtd_weight > 0

    @property
    def reads_pairs(self) -> bool:
        """Whether anything is learned from sentence pairs."""
        weights = (self.tlm_weight, self.trtd_weight, self.sentence_weight)
        return bool(self.bitext) and any(weight > 0 for weight in weights)

    @property
    def leaves_head(self) -> bool:
        """Whether only an encoder comes out: what guesses pieces is the generator beside it."""
        return self.detects and not (self.mlm_weight or (self.bitext and self.tlm_weight))

    def batches(self) -> dict[str, int]:
        """Items of an update, by the flag that says so."""
        asked = {
            "--mlm-batch": self.mlm_weight > 0,
            "--tlm-batch": self.reads_pairs and self.tlm_weight > 0,
            "--mrtd-batch": self.mrtd_weight > 0,
            "--trtd-batch": self.reads_pairs and self.trtd_weight > 0,
            "--align-batch": self.aligns,
            "--sentence-batch": self.reads_pairs and self.sentence_weight > 0,
        }
        names = {flag: flag[2:].replace("-", "_") for flag, is_asked in asked.items() if is_asked}
        return {flag: int(getattr(self, name)) for flag, name in names.items()}
