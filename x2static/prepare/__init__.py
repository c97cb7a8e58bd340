"""Raw text of a language -> one tokenised sentence per line (paper 1, appendix B)."""
