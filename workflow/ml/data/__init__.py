"""From CSV files to checked rows, split into train and test, with a profile."""
