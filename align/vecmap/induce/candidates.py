"""Compiled loops of the tiled search: what numpy would need many passes over memory for.

One pass over a tile of cosines keeps the few entries that can matter; the rest works on these.
"""

# Compiled code takes plain arrays, many of them, and infers their types itself.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from x2static.core.errors import require

_numba = require("numba", "align", "self-learning on large vocabularies")
compiled: Callable[..., Any] = _numba.njit(nogil=True, cache=True)
_fast: Callable[..., Any] = _numba.njit(nogil=True, cache=True, fastmath=True)
_CHUNK, _FEWEST, _MEMORY = 32, 6, np.float32(0.85)


@compiled
def _is_kept(v, top_i, top_b, score_i, bias_b, score_b, bias_i):
    return (v >= top_i) | (v >= top_b) | (v - bias_b >= score_i) | (v - bias_i >= score_b)


@compiled
def keep_entries(
    tile,
    first_row,
    first_column,
    row_top,
    row_score,
    row_bias,
    column_top,
    column_score,
    column_bias,
    rows,
    columns,
    values,
):
    """Write down each entry that reaches one of four bounds; returns how many there are.

    The bounds: the row's and the column's for the cosine itself, and for the cosine minus the
    other side's bias. Entries beyond the arrays' end are counted, not written.
    """
    height, width = tile.shape
    top = column_top[first_column : first_column + width]
    score = column_score[first_column : first_column + width]
    bias = column_bias[first_column : first_column + width]
    found = 0
    for a in range(height):
        i = first_row + a
        top_i, score_i, bias_i = row_top[i], row_score[i], row_bias[i]
        line = tile[a]
        for chunk in range((width + _CHUNK - 1) // _CHUNK):
            stop = _CHUNK if (chunk + 1) * _CHUNK <= width else width - chunk * _CHUNK
            if stop == _CHUNK:
                hits = 0
                for t in range(_CHUNK):  # of constant length: this becomes vector instructions
                    b = chunk * _CHUNK + t
                    hits += np.int32(
                        _is_kept(line[b], top_i, top[b], score_i, bias[b], score[b], bias_i)
                    )
                if hits == 0:
                    continue
            for t in range(stop):
                b = chunk * _CHUNK + t
                v = line[b]
                if _is_kept(v, top_i, top[b], score_i, bias[b], score[b], bias_i):
                    if found < rows.shape[0]:
                        rows[found], columns[found], values[found] = i, first_column + b, v
                    found += 1
    return found


@_fast
def _dot(left, right):
    total = np.float32(0)
    for k in range(len(left)):
        total += left[k] * right[k]
    return total


@compiled
def keep_coarse_entries(
    tile, source, target, row_scale, row_error, column_scale, column_error,
    first_row, first_column, row_top, row_score, row_bias, column_top, column_score,
    column_bias, rows, columns, values,
):  # fmt: skip
    """The same from products of whole numbers: what may reach a bound is computed exactly.

    A cosine lies at most row_error + column_error above its coarse value, so nothing is missed.
    """
    height, width = tile.shape
    top = column_top[first_column : first_column + width]
    score = column_score[first_column : first_column + width]
    bias = column_bias[first_column : first_column + width]
    scale = column_scale[first_column : first_column + width]
    error = column_error[first_column : first_column + width]
    found = 0
    for a in range(height):
        i = first_row + a
        top_i, score_i, bias_i = row_top[i], row_score[i], row_bias[i]
        scale_i, error_i = row_scale[i], row_error[i]
        line = tile[a]
        for chunk in range((width + _CHUNK - 1) // _CHUNK):
            stop = _CHUNK if (chunk + 1) * _CHUNK <= width else width - chunk * _CHUNK
            if stop == _CHUNK:
                hits = 0
                for t in range(_CHUNK):
                    b = chunk * _CHUNK + t
                    v = np.float32(line[b]) * (scale_i * scale[b]) + (error_i + error[b])
                    hits += np.int32(_is_kept(v, top_i, top[b], score_i, bias[b], score[b], bias_i))
                if hits == 0:
                    continue
            for t in range(stop):
                b = chunk * _CHUNK + t
                v = np.float32(line[b]) * (scale_i * scale[b]) + (error_i + error[b])
                if not _is_kept(v, top_i, top[b], score_i, bias[b], score[b], bias_i):
                    continue
                v = _dot(source[i], target[first_column + b])
                if _is_kept(v, top_i, top[b], score_i, bias[b], score[b], bias_i):
                    if found < rows.shape[0]:
                        rows[found], columns[found], values[found] = i, first_column + b, v
                    found += 1
    return found


@compiled
def group_by(keys, others, values, count):
    """Sort entries by key, stably: where each key's begin, their other index, their value."""
    begin = np.zeros(count + 1, np.int64)
    for key in keys:
        begin[key + 1] += 1
    for key in range(count):
        begin[key + 1] += begin[key]
    place = begin[:-1].copy()
    grouped = np.empty(len(others), np.int32)
    sorted_values = np.empty(len(values), np.float32)
    for e in range(len(keys)):
        at = place[keys[e]]
        place[keys[e]] += 1
        grouped[at] = others[e]
        sorted_values[at] = values[e]
    return begin, grouped, sorted_values


@compiled
def select(values, rank):
    """The value of the given rank, largest first; reorders ``values``."""
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        a, b, c = values[low], values[middle], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank - 1 <= j:
            high = j
        elif rank - 1 >= i:
            low = i
        else:
            break
    return values[rank - 1]


@compiled
def summarize_top(begin, values, bounds, count, spare, best, means, next_bounds, first, last):
    """Largest and mean of the ``count`` largest per key, certain where ``best`` is not NaN.

    All entries of at least the key's bound are present, so the top is certain once its last entry
    reaches the bound. ``next_bounds`` becomes the bound that would have kept ``spare`` entries.
    """
    kept = np.empty(count, np.float32)
    for key in range(first, last):
        line = values[begin[key] : begin[key + 1]]
        inside = 0
        filled = 0
        for v in line:
            inside += v >= bounds[key]
            if filled == count and v <= kept[count - 1]:
                continue
            at = filled if filled < count else count - 1
            while at > 0 and kept[at - 1] < v:
                kept[at] = kept[at - 1]
                at -= 1
            kept[at] = v
            if filled < count:
                filled += 1
        if filled == count and kept[count - 1] >= bounds[key]:
            total = 0.0
            for v in kept:
                total += v
            best[key] = kept[0]
            means[key] = total / count
        else:
            best[key] = np.nan
        level, slope = fit_tail(line.copy(), inside, bounds[key], np.float32(0.02))
        next_bounds[key] = level - slope * np.log(spare)


@compiled
def choose_ranked(
    begin, others, values, penalty, ranks, bounds, drift, level, slope, chosen, first, last
):
    """The entry of each key's rank by value minus penalty; -1 where it is not certain.

    An entry that was not kept scored below the key's bound under the last penalties, so it scores
    below bound + drift now. Ties go to the smaller index, since entries come in that order.
    ``level`` and ``slope`` become the line that predicts the score of a rank.
    """
    for key in range(first, last):
        start, stop = begin[key], begin[key + 1]
        scores = np.empty(stop - start, np.float32)
        floor = bounds[key] + drift
        inside = 0
        for e in range(start, stop):
            scores[e - start] = values[e] - penalty[others[e]]
            inside += scores[e - start] >= floor
        rank = ranks[key]
        chosen[key] = -1
        work = scores.copy()
        if rank <= inside:
            value = select(work, rank)
            left = rank
            for v in scores:
                left -= v > value
            for e in range(len(scores)):
                if scores[e] == value:
                    left -= 1
                    if left == 0:
                        chosen[key] = others[start + e]
                        break
        level[key], slope[key] = fit_tail(work, inside, floor, slope[key])


@compiled
def fit_tail(work, inside, floor, old_slope):
    """The line score = level - slope ln(rank) through two of the certain entries."""
    if inside < _FEWEST:
        # Too few to see: a step down, as wide as the old slope says.
        slope = max(old_slope, np.float32(0.01))
        return np.float32(floor + slope * np.log(max(inside, 1)) - slope), slope
    low = select(work, inside)
    upper = inside // 3
    slope = (select(work, upper) - low) / np.float32(np.log(inside / upper))
    slope = old_slope * _MEMORY + slope * (np.float32(1) - _MEMORY)
    return np.float32(low + slope * np.log(inside)), slope
