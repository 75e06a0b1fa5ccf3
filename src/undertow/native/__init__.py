"""The C++ engine's Python face: a model as a graph of causal ops, packed into one file."""
