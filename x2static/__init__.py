"""Distil static word vectors from a multilingual transformer, and the command line around it."""

__version__ = "0.1.0"
