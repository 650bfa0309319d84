"""Graphs of operations: nodes, shapes, order, and the functions that run them."""
