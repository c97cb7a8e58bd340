"""The page of groups: a tree, maps by family, script and word order, tables."""

from __future__ import annotations

from typing import Any

from x2static.core.languages.language import name_of
from x2static.languages.draw.frame import page, section
from x2static.languages.draw.pictures import scatter, simple_table, tree
from x2static.page.html import Html, element


def cluster_page(data: dict[str, Any]) -> str:
    """The whole page."""
    said = (
        f"{len(data['languages'])} languages as means of sentence states ({data['state']}, "
        f"{data['space']}), clustered by cosine distance."
    )
    return page("Groups of languages", said, cluster_sections(data))


def cluster_sections(data: dict[str, Any]) -> list[Html]:
    """The sections of the page, for the report, too."""
    chosen, languages = data["views"][data["chosen"]], data["languages"]
    traits = data["traits"]
    groups = [
        [group["name"], name_of(group["pivot"]), " ".join(group["languages"])]
        for group in data["groups"]
    ]
    drawn = tree(
        "Languages merged by cosine distance (axis); the mark tells the group",
        languages,
        chosen["merges"],
        chosen["order"],
        chosen["labels"],
        traits["family"],
    )
    maps = [
        scatter(f"The same languages in the plane, by {trait}", languages, chosen["points"], values)
        for trait, values in traits.items()
    ]
    return [
        section("Groups", "The pivot is the member nearest to the others.",
                simple_table(["group", "pivot", "languages"], groups, numbers_from=9), drawn),
        section("Maps", "Near in the plane is near by cosine, as far as a plane can show it.",
                element("div", maps, class_="pair")),
        section("How many groups", "", _curve(chosen["curve"])),
        section(
            "Every state, raw and centred",
            "Adjusted Rand index (0 by chance, 1 for the same groups) with families and scripts, "
            "each with the share of random relabellings that agree as well (p); with the groups "
            "from half of the sentences and from four fifths of the languages.",
            _views(data["views"]),
        ),
    ]  # fmt: skip


def _curve(rows: list[dict[str, float]]) -> Html:
    return simple_table(
        ["groups", "silhouette", "gap", "± error", "eigengap"],
        [[f"{row['groups']:g}", f"{row['silhouette']:.3f}", f"{row['gap']:.3f}",
          f"{row['gap_error']:.3f}", f"{row['eigengap']:.4f}"] for row in rows],
        numbers_from=0,
    )  # fmt: skip


def _views(rows: list[dict[str, Any]]) -> Html:
    lines = []
    for row in rows:
        cells = [row["state"], row["space"], str(row["num_groups"]), f"{row['mean_distance']:.4f}"]
        for trait in ("family", "script", "word order"):
            found = row["agreement"][trait]
            cells += [f"{found['value']:.3f}", f"{found['p']:.4f}"]
        at = row["agreement_at_families"]
        at_p = f"p {at['p']:.4f}, {at['groups']} groups"
        cells.append(f"{at['value']:.3f} ({at_p})")
        for one in row["stability"].values():
            cells.append(f"{one['mean']:.2f} [{one['low']:.2f}, {one['high']:.2f}]")
        lines.append(cells)
    heads = ["state", "space", "groups", "mean distance", "family", "p", "script", "p"]
    heads += ["word order", "p", "family, K = families", "other sentences", "fewer languages"]
    return simple_table(heads, lines, numbers_from=2)
