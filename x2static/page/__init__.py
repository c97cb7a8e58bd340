"""Web pages that stand alone: every text escaped, nothing fetched, no script but our own."""
