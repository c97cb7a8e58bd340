"""Whether an alignment deserves trust."""
