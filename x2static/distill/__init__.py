"""From tokenized sentences and a frozen transformer to static word vectors."""

from x2static.callable_module import make_callable

make_callable(__name__)
