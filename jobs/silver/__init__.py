"""Pseudonymous records per person: OMOP CDM tables, residence and lifeline. No direct identifier gets here."""
