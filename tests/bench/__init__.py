"""The benchmarks: ``make bench``. Figures are printed, never asserted: machines are noisy."""
