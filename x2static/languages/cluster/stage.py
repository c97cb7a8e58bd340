"""``x2static languages cluster``: language means to groups, a tree and maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import ConfigError, DatasetError
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.languages.cluster.agglomerative import cut, leaf_order, merges_of
from x2static.languages.cluster.choice import choose, curve, silhouette
from x2static.languages.cluster.config import ClusterConfig
from x2static.languages.cluster.layout import place
from x2static.languages.cluster.page import cluster_page
from x2static.languages.cluster.stability import over_languages, over_sentences, random_groups
from x2static.languages.measures.spaces import cosine_distances, varies
from x2static.languages.measures.traits import traits_of
from x2static.languages.page_folder import write_page_folder
from x2static.languages.represent.means import Means, chosen_state, read_means
from x2static.languages.statistics.agreement import agreement

_CONTROLS = 3


def cluster(config: ClusterConfig) -> Outcome:
    """Run ``x2static languages cluster``."""
    outputs = Outputs(
        "languages cluster", inputs=[config.representations], overwrite=config.overwrite
    )
    outputs.claim(config.output, is_folder=True)
    means = read_means(config.representations)
    size = len(means.languages)
    if size < 3:
        raise DatasetError(
            f"{config.representations}: {size} language{'s' if size > 1 else ''}, of which no "
            "groups can be told; represent at least 3"
        )
    if config.groups is not None and config.groups > size:
        raise ConfigError(f"--groups {config.groups}: there are {size} languages only")
    state = len(means.states) - 1 if config.state is None else chosen_state(means, config.state)
    record = RunRecord("languages cluster", config, [config.representations])
    traits = traits_of(means.languages)
    same = [name for n, name in enumerate(means.states) if not varies(means.of(n))]
    if means.states[state] in same:
        raise DatasetError(
            f"state {means.states[state]} is the same for all languages; choose another --state"
        )
    views = [
        (place_, name, space)
        for place_, name in enumerate(means.states)
        for space in ("raw", "centred")
        if name not in same
    ]
    rows = []
    with Progress("clustering", len(views), "views") as progress:
        for place_, name, space in views:
            rows.append(_view(config, means, place_, name, space, traits))
            progress.advance(1)
    chosen = next(
        row for row in rows if row["state"] == means.states[state] and row["space"] == config.space
    )
    data = {
        "languages": list(means.languages),
        "state": means.states[state],
        "space": config.space,
        "groups": chosen["members"],
        "random": _controls(config, chosen["labels"], means),
        "traits": traits,
        "views": rows,
        "chosen": rows.index(chosen),
        "same": same,
    }
    page = cluster_page(data)
    write_page_folder(config.output, outputs, record, "groups.json", data, page)
    return Outcome("\n".join([*_lines(data), f"written to {config.output}"]), data)


def _view(
    config: ClusterConfig,
    means: Means,
    state: int,
    name: str,
    space: str,
    traits: dict[str, list[str]],
) -> dict[str, Any]:
    """Groups, curve, stability and agreement of one state, raw or centred."""

    def rows_of(parts: Sequence[int]) -> NDArray[np.float64]:
        rows = means.over(state, parts)
        return rows - rows.mean(axis=0) if space == "centred" else rows

    parts = means.counts.shape[1]
    rows = rows_of(range(parts))
    distances = cosine_distances(rows)
    merges = merges_of(distances, config.linkage)
    most = min(config.most_groups, len(rows) - 1)
    found = curve(rows, most, config.linkage, config.seed)
    groups = config.groups or choose(found, config.choose)
    labels = cut(merges, len(rows), groups)
    about: dict[str, Any] = {"state": name, "space": space, "num_groups": groups, "labels": labels}
    about["members"] = _members(means.languages, labels, distances)
    about["curve"] = found
    about["silhouette"] = silhouette(distances, labels) if 1 < groups < len(rows) else None
    draws, seed = config.draws, config.seed
    about["stability"] = {
        "sentences": over_sentences(rows_of, parts, labels, config.linkage, draws, seed),
        "languages": over_languages(rows, labels, config.linkage, draws, seed),
    }
    about["agreement"] = {
        trait: vars(agreement(labels, values, config.permutations, seed))
        for trait, values in traits.items()
    }
    families = len(set(traits["family"]))
    about["agreement_at_families"] = {
        "groups": families,
        **vars(
            agreement(cut(merges, len(rows), families), traits["family"], config.permutations, seed)
        ),
    }
    about["merges"] = [vars(merge) for merge in merges]
    about["order"] = leaf_order(merges, len(rows))
    about["points"] = place(distances, config.layout, seed).tolist()
    about["mean_distance"] = float(distances[np.triu_indices(len(rows), 1)].mean())
    return about


def _members(
    languages: Sequence[str], labels: Sequence[int], distances: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Each group with its pivot: the member of the largest summed cosine to the others."""
    found = []
    for group in range(max(labels) + 1):
        rows = [row for row, label in enumerate(labels) if label == group]
        sums = [(1 - distances[row, rows]).sum() for row in rows]
        found.append(
            {
                "name": f"group-{group + 1}",
                "pivot": languages[rows[int(np.argmax(sums))]],
                "languages": [languages[row] for row in rows],
            }
        )
    return found


def _controls(
    config: ClusterConfig, labels: Sequence[int], means: Means
) -> list[list[dict[str, Any]]]:
    """Random groups of the same sizes, to compare with."""
    sizes = np.bincount(labels).tolist()
    found = []
    for number in range(_CONTROLS):
        drawn = random_groups(sizes, len(labels), config.seed + number)
        members = [
            [code for code, label in zip(means.languages, drawn, strict=True) if label == group]
            for group in range(len(sizes))
        ]
        found.append(
            [
                {"name": f"random-{number + 1}-{group + 1}", "pivot": some[0], "languages": some}
                for group, some in enumerate(members)
            ]
        )
    return found


def _lines(data: dict[str, Any]) -> list[str]:
    chosen = data["views"][data["chosen"]]
    lines = [f"{len(data['groups'])} groups of {len(data['languages'])} languages"]
    for group in data["groups"]:
        lines.append(f"  {group['name']} (pivot {group['pivot']}): {' '.join(group['languages'])}")
    lines += ["", "groups  silhouette     gap  error  eigengap"]
    for row in chosen["curve"]:
        lines.append(
            f"{row['groups']:6}  {row['silhouette']:10.3f}  {row['gap']:6.3f}  "
            f"{row['gap_error']:5.3f}  {row['eigengap']:8.4f}"
        )
    lines += [
        "",
        "state     space    groups  silhouette  family ARI       p  script ARI       p  "
        "other sentences  fewer languages",
    ]
    for row in data["views"]:
        family, script = row["agreement"]["family"], row["agreement"]["script"]
        stable = row["stability"]
        inside = "-" if row["silhouette"] is None else f"{row['silhouette']:.3f}"
        lines.append(
            f"{row['state']:8}  {row['space']:7}  {row['num_groups']:6}  {inside:>10}  "
            f"{family['value']:10.3f}  {family['p']:6.4f}  {script['value']:10.3f}  "
            f"{script['p']:6.4f}  {stable['sentences']['mean']:15.3f}  "
            f"{stable['languages']['mean']:15.3f}"
        )
    lines += [f"state {name} is the same for all languages: left out" for name in data["same"]]
    lines.append(
        "ARI: adjusted Rand index with the families, with the scripts, and with the groups of half "
        "of the sentences and of four fifths of the languages; p: by permutation"
    )
    return lines
