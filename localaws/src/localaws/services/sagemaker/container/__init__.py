"""A container without Docker: a process that has its own /opt/ml, and what goes in and out of it.

``namespace`` gives the process its view of the file system, ``sandbox`` the directories behind it,
``process`` starts it and waits, ``exits`` reads what it said when it ended, ``s3_data`` and ``archive``
move its files.
"""
