"""Teach a transformer: masked language modelling mixed with alignment to static vectors."""
