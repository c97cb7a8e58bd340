"""A local page to look words up: their neighbours and translations in every language."""
