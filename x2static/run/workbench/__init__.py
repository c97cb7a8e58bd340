"""What the TOML file says."""
