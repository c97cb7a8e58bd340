"""dcca and dgcca: how far two views of the same words are related, whatever their bases."""
