"""The catalogue: every table declared once, by zone."""
