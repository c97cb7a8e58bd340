"""Languages: codes, names, scripts."""
