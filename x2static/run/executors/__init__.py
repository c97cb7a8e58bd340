"""How tasks are carried out."""
