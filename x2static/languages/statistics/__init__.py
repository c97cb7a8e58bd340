"""Statistics of matrices of languages, whose pairs are not independent."""
