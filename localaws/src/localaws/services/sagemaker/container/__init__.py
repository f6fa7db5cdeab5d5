"""A container without Docker: a process with its own /opt/ml, and the files that go in and out.

``namespace`` gives the process its own view of the file system, ``sandbox`` has the directories behind it,
``environment`` its variables. ``process`` starts it and waits for its end, ``log_lines`` takes its output,
``exits`` reads its failure and message files, ``s3_data`` and ``archive`` move its files.
"""
