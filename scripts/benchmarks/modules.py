"""What a module for each language costs in an update, and what the library's own way costs.

The same model with and without modules learns from the same text, cut into twelve "languages": what
a module costs does not depend on what it says. The library's way is its own forward pass with
``lang_ids`` under the same loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.benchmarks.pretrain import BASE, SMALL, TINY, Ours, Size, build_model, real_lines
from scripts.paired import REPEATS, compared, in_turns

LANGUAGES = 12


def parts_of(text: Path, folder: Path) -> tuple[str, ...]:
    """The text in twelve equal parts, as ``--text`` takes them."""
    lines = text.read_text(encoding="utf-8").splitlines(keepends=True)
    entries = []
    for number in range(LANGUAGES):
        path = folder / f"part-{number}.txt"
        path.write_text("".join(lines[number::LANGUAGES]), encoding="utf-8")
        entries.append(f"l{chr(97 + number)}={path}")
    return tuple(entries)


class Library:
    """In the router's place: the library's own forward pass, told each row's language."""

    def __init__(self, model: Any) -> None:
        """Give the blocks of a model their own method back."""
        from x2static.teacher.loading.hugging_face import cast_adapter_outputs

        self._spoken: Any = ()
        cast_adapter_outputs(model.hugging_face)  # without it this way cannot run in bf16
        for layer in model.hugging_face.modules():
            if hasattr(layer, "adapter_modules"):
                del layer.lang_adapter
        self._forward: Callable[..., Any] = model.encoder.forward
        model.encoder.forward = self._told

    @contextmanager
    def reading(self, spoken: Any) -> Iterator[None]:
        """Remember how many rows each language has."""
        self._spoken = spoken
        yield

    def _told(self, **options: Any) -> Any:
        import torch

        device = options["input_ids"].device
        numbers = torch.tensor([language for language, _ in self._spoken], device=device)
        counts = torch.tensor([rows for _, rows in self._spoken], device=device)
        return self._forward(**{**options, "lang_ids": numbers.repeat_interleave(counts)})


def rows(scratch: Path, *, quick: bool = False, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """An update with modules beside one without, and beside the library's."""
    import torch

    text = real_lines(2_000 if quick else 20_000, scratch / "en.txt")
    entries = parts_of(text, scratch)
    if torch.cuda.is_available():
        sizes = [Size("xlm-roberta-base shape", BASE, "blocks", 96, 10)]
    elif quick:
        sizes = [Size("2 x 64", TINY, "blocks", 24, 2)]
    else:
        sizes = [
            Size("6 x 256", SMALL, "blocks", 96, 2),
            Size("xlm-roberta-base shape", BASE, "blocks", 24, 1),
        ]
    return [row for size in sizes for row in rows_of(scratch, size, text, entries, repeats)]


def rows_of(
    scratch: Path, size: Size, text: Path, entries: tuple[str, ...], repeats: int
) -> list[dict[str, Any]]:
    """Both rows of one size."""
    model = build_model(scratch / f"model-{size.shape['hidden_size']}", size.shape, text)
    sides = {
        "plain": Ours(scratch, size, text, model, text=entries),
        "modular": Ours(scratch, size, text, model, text=entries, modules="languages"),
        "library": Ours(scratch, size, text, model, text=entries, modules="languages"),
    }
    library: Any = sides["library"].materials.model
    library.router = Library(library)

    def seconds(side: Ours) -> Callable[[], float]:
        return lambda: sum(one.seconds for one in side.run(size.updates)) / size.updates

    figures = in_turns({name: seconds(side) for name, side in sides.items()}, repeats)
    width = size.shape["hidden_size"]
    block = 4 * width**2 + 2 * width * size.shape["intermediate_size"]
    note = f"{size.batch} blocks of 128 pieces in {LANGUAGES} languages"
    return [
        {
            "name": f"an update with modules beside one without, {size.name}",
            "unit": "s/update",
            **compared(figures["modular"], figures["plain"], more_is_better=False),
            "goal": 1 / 1.15,
            "note": note,
            "floor": f"the modules' operations: {1 / (1 + width**2 / block):.3f} of the blocks'",
        },
        {
            "name": f"an update with modules beside transformers' forward pass, {size.name}",
            "unit": "s/update",
            **compared(figures["modular"], figures["library"], more_is_better=False),
            "goal": 1.5,
            "note": note,
        },
    ]
