"""The benchmark: Accord beside what is usual and beside what is possible, over HTTP, on both databases."""
