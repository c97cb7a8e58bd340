"""Trees, maps and heat maps of languages as pages that stand alone."""
