"""Starts a run for a job package or a data file that was uploaded to jobs/{use case}/ of the source bucket.

drop.py      which upload it is, and where the answer to it goes
package.py   reads a zip: job.json and CSV files, everything else is refused
service.py   the manifest of the run, its start, its data
"""
