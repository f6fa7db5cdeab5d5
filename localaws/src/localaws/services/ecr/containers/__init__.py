"""Runs a command in an image that was pushed to ECR, without a container runtime.

``layers`` unpacks each layer once, ``users`` finds the user of the image, ``container`` makes the command
line, and ``enter`` is the program of that command line: it mounts the layers as the root directory of a mount
namespace and becomes the command. It is a file of its own that imports nothing but the standard library.

A container shares the processes, and mostly the network, of the machine: it is not a boundary of security.
"""
