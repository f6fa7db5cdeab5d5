"""Task states that call a service of AWS."""
