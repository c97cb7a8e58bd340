"""From tokenised sentences and a frozen transformer to static word vectors."""
