"""Code lists and the arithmetic of codes. Imports nothing from the layers."""
