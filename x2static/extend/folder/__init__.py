"""Folders of a model with languages beside it: looked at, exported, merged."""
