"""Files: whole or absent, locked, recorded, never somebody else's."""
