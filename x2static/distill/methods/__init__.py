"""The ways from the teacher's states to one vector per word, one file each."""
