"""Vocabularies by VoCAP: as many pieces for each language as its text can use."""
