"""Raw text of a language -> one tokenized sentence per line (paper 1, appendix B)."""

from x2static.callable_module import make_callable

make_callable(__name__)
