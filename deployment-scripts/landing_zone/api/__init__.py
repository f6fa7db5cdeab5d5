"""The inference API as a client sees it."""
