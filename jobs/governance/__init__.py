"""Governance: what may leave gold, and who said so."""
