"""One module per table of the OMOP CDM."""
