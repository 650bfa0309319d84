"""The part of the house that everything else stands on."""
