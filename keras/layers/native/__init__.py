"""Layers around what is written in a framework."""
