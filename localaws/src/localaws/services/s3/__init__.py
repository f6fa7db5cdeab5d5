"""S3 is moto's. This package corrects what the landing zone's buckets need and moto gets wrong."""
