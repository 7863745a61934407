"""The dataflow of the op tree, one opened scope at a time: what is drawn in it, and the links that cross its sides."""
