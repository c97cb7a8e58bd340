"""Know your languages: how far apart they are, which belong together, which to train on."""
