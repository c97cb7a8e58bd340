"""The frozen transformer: the first L blocks of any Hugging Face encoder, words in, states out."""

from x2static.teacher.encoder import Teacher, load_teacher
from x2static.teacher.pieces import PieceTable, WordPieces

__all__ = ["PieceTable", "Teacher", "WordPieces", "load_teacher"]
