"""An open health lakehouse: deliveries in, one whole life per person, numbers that can be walked back."""
