"""Training: one trainer, one data pipeline, callbacks and progress."""
