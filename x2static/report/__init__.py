"""A run folder as one page: what was run, what came out, what to look at twice."""
