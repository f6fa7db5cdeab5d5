"""Why a command of ``docker`` cannot be carried out."""


class DockerError(Exception):
    """The text is for the person who typed the command. The exit code is 1."""
