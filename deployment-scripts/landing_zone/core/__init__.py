"""What every other package uses: errors, settings, names, AWS clients, the entry point of the scripts."""
