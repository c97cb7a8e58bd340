"""The ways from pairs to maps, one file each; `align.methods.table` names them."""
