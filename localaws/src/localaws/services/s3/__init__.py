"""S3 is moto's; only what moto gets wrong for the landing zone's buckets is here."""
