"""The command ``align hub``: many languages into the space of one."""
