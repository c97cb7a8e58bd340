"""One file per vector format; `x2static.core.vector_file` chooses among them."""
