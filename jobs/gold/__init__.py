"""Numbers: measures as declarations, the kernel that counts their atoms, and the one function that computes rates."""
