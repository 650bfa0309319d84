"""Objects as data and back: configs, names, limits for untrusted files."""
