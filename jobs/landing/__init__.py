"""Landing: deliveries are looked at, kept as received, and their rows brought to bronze, exactly once."""
