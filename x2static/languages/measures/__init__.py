"""Distances between languages, each computed by us from stated data with a stated formula."""
