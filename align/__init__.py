"""Bring the vectors of two or more languages into one space.

    stage, apply, hub/     the commands: read, learn, judge, write
    methods/               the ways from pairs to maps, one file each, and their table
    refine/                improve a map there is: mutual pairs, contrastive polishing
    search/                decide on held-out pairs: folds, trials, scores
    vecmap/                the VecMap family on plain arrays
    problem                what a method gets: a `Problem` and `Resources`

Imports go from the top to the bottom of this list, and all may use `problem`.
"""
