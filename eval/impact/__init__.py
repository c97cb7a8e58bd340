"""What training does to each language: `x2static eval impact`."""
