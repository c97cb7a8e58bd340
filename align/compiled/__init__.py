"""Compiled loops over matrices of cosines that numpy would pass over many times."""
