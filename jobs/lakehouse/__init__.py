"""The machinery: what a table, a job, a run and a Delta write are. No health words here."""
