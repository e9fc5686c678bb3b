"""Who is who: delivered rows in one form, grouped into persons, with ids that are minted once. Writes the vault."""
