"""What leaves the database to be kept elsewhere, and proof that it is what it was: bundles and archived slices."""
