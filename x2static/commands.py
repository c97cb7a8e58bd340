"""The table of commands: each a config class and a stage, named here and loaded when asked for.

The names are text, so that this module and whoever reads the table import no stage.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from x2static.core.evaluation import Evaluation


@dataclass(frozen=True)
class Command:
    """Where a subcommand's settings and its stage live.

    Attributes:
        config: ``module:Class`` of the settings; the module imports nothing heavy.
        stage: ``module:function``, called with the config, returns an `Outcome`.
        help: one line for the list of commands.
        json: ``"flag"`` prints the data to standard output, ``"file"`` takes a FILE or ``-``.
        descriptor: of an evaluation, ``module:name`` of its `Evaluation`; it imports nothing heavy.
        speaks: whether it shows by itself, all the time, what it does.
    """

    config: str
    stage: str
    help: str
    json: str = "flag"
    descriptor: str = ""
    speaks: bool = False


COMMANDS: dict[str, Command] = {
    "run": Command(
        "x2static.run.config:RunConfig",
        "x2static.run.stage:run",
        "a whole pipeline over many languages from one TOML file",
        speaks=True,
    ),
    "prepare": Command(
        "x2static.prepare.config:PrepareConfig",
        "x2static.prepare.stage:prepare",
        "raw text of a language to one tokenized sentence per line",
    ),
    "distill": Command(
        "x2static.distill.config:DistillConfig",
        "x2static.distill.stage:distill",
        "sentences and a transformer to static word vectors",
    ),
    "compose": Command(
        "x2static.compose:ComposeConfig",
        "x2static.compose:compose",
        "teach vectors to make up vectors for words that have none",
    ),
    "export": Command(
        "x2static.export:ExportConfig",
        "x2static.export:export",
        "write vectors in another format",
    ),
    "neighbors": Command(
        "x2static.neighbors:NeighborsConfig",
        "x2static.neighbors:neighbors",
        "print the nearest words of a word, in its own or another language",
    ),
    "lexicon": Command(
        "x2static.lexicon:LexiconConfig",
        "x2static.lexicon:lexicon",
        "a dictionary from sentence pairs, or from the names of emoji in 100 languages",
    ),
    "align": Command(
        "align.config:AlignConfig",
        "align.stage:align",
        "two languages into one space: supervised, semi-supervised, unsupervised",
    ),
    "align hub": Command(
        "align.hub.config:HubConfig",
        "align.hub.stage:hub",
        "many languages into the space of one, which stays untouched",
    ),
    "align apply": Command(
        "align.apply_config:ApplyConfig",
        "align.apply:apply",
        "map further vectors with a saved map",
    ),
    "bitext check": Command(
        "x2static.bitext.config:BitextCheckConfig",
        "x2static.bitext.check:check",
        "identical texts and lengths out of proportion among sentence pairs",
    ),
    "bitext count": Command(
        "x2static.bitext.config:BitextCountConfig",
        "x2static.bitext.count:count",
        "sentence pairs of every two languages, and how often each way of sampling draws them",
    ),
    "bitext sample": Command(
        "x2static.bitext.config:BitextSampleConfig",
        "x2static.bitext.sample:sample",
        "sentence pairs of two languages to read",
    ),
    "languages represent": Command(
        "x2static.languages.represent.config:RepresentConfig",
        "x2static.languages.represent.stage:represent",
        "each language as the mean of its sentences in a transformer",
    ),
    "languages cluster": Command(
        "x2static.languages.cluster.config:ClusterConfig",
        "x2static.languages.cluster.stage:cluster",
        "groups of languages that a transformer represents alike, with a tree and maps",
    ),
    "languages analyse": Command(
        "x2static.languages.analyse.config:AnalyseConfig",
        "x2static.languages.analyse.stage:analyse",
        "distances against each other and against transfer: Mantel tests, intervals over languages",
    ),
    "languages distance": Command(
        "x2static.languages.distance.config:DistanceConfig",
        "x2static.languages.distance.stage:distance",
        "how far apart languages are: typology, family, place, words, scripts, our own spaces",
    ),
    "languages recommend": Command(
        "x2static.languages.recommend.config:RecommendConfig",
        "x2static.languages.recommend.stage:recommend",
        "which languages to fine-tune on for a target",
    ),
    "report": Command(
        "x2static.report.config:ReportConfig",
        "x2static.report.stage:report",
        "a run folder as one page that opens without a network",
    ),
    "compare": Command(
        "x2static.compare.config:CompareConfig",
        "x2static.compare.stage:compare",
        "two runs beside each other: scores, settings that differ, neighbours that changed",
    ),
    "explore": Command(
        "x2static.explore.config:ExploreConfig",
        "x2static.explore.stage:explore",
        "a local page: type a word, see neighbours and translations in every language",
        speaks=True,
    ),
    "vocabulary": Command(
        "continued_pretraining.vocabulary.config:VocabularyConfig",
        "continued_pretraining.vocabulary.stage:vocabulary",
        "one tokenizer for many languages, with room for each as it needs it (VoCAP)",
    ),
    "pretrain": Command(
        "continued_pretraining.config:PretrainConfig",
        "continued_pretraining.launch:pretrain",
        "train a masked language model on, aligned to static vectors; or one from scratch",
    ),
    "extend": Command(
        "x2static.extend.config:ExtendConfig",
        "x2static.extend.stage:extend",
        "add a language to a model: a vocabulary of its own, the model as it was",
    ),
    "extend show": Command(
        "x2static.extend.folder.config:ShowConfig",
        "x2static.extend.folder.stages:show",
        "the languages that were added to a model: sizes, text, training",
    ),
    "extend export": Command(
        "x2static.extend.folder.config:ExtendExportConfig",
        "x2static.extend.folder.stages:export",
        "a model in an added language as a plain Hugging Face checkpoint",
    ),
    "extend merge": Command(
        "x2static.extend.folder.config:MergeConfig",
        "x2static.extend.folder.stages:merge",
        "languages that were added to copies of one model, side by side",
    ),
    "eval bli": Command(
        "eval.bli.config:BliConfig",
        "eval.bli.stage:bli",
        "translation by nearest neighbours: precision at k, MRR and coverage on dictionaries",
        json="file",
        descriptor="eval.bli.descriptor:DESCRIPTOR",
    ),
    "eval similarity": Command(
        "eval.similarity.config:SimilarityConfig",
        "eval.similarity.stage:similarity",
        "word similarity: Spearman, Pearson and coverage on test sets",
        json="file",
        descriptor="eval.similarity.descriptor:DESCRIPTOR",
    ),
    "eval retrieval": Command(
        "eval.retrieval.config:RetrievalConfig",
        "eval.retrieval.stage:retrieval",
        "find translated sentences by cosine: accuracy in each direction",
        json="file",
        descriptor="eval.retrieval.descriptor:DESCRIPTOR",
    ),
    "eval impact": Command(
        "eval.impact.config:ImpactConfig",
        "eval.impact.stage:impact",
        "what training did to each language's space: 1 - CKA by layer",
        json="file",
    ),
    "eval nli": Command(
        "eval.nli.config:NliConfig",
        "eval.nli.stage:nli",
        "inference or paraphrase after fine-tuning: accuracy from any source to every target",
        json="file",
        descriptor="eval.nli.descriptor:DESCRIPTOR",
    ),
    "eval qa": Command(
        "eval.qa.config:QaConfig",
        "eval.qa.stage:qa",
        "question answering after fine-tuning on English: F1 and exact match per language",
        json="file",
        descriptor="eval.qa.descriptor:DESCRIPTOR",
    ),
    "eval tagging": Command(
        "eval.tagging.config:TaggingConfig",
        "eval.tagging.stage:tagging",
        "entities or parts of speech after fine-tuning on English: F1, accuracy per language",
        json="file",
        descriptor="eval.tagging.descriptor:DESCRIPTOR",
    ),
}


def load(target: str) -> Any:
    """The object behind ``module:name``."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


def evaluations() -> dict[str, Evaluation]:
    """The evaluations by name, in the table's order: that in which a run and a report have them."""
    commands = list(COMMANDS.values())
    found: list[Evaluation] = [load(one.descriptor) for one in commands if one.descriptor]
    return {evaluation.name: evaluation for evaluation in found}


def split_command(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The longest command name that the arguments begin with, and what follows it."""
    for words in (2, 1):
        name = " ".join(arguments[:words])
        if len(arguments) >= words and name in COMMANDS:
            return name, list(arguments[words:])
    return None, list(arguments)
