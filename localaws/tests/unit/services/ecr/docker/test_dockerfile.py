"""The base images of a Dockerfile."""

import pytest

from localaws.services.ecr.docker.dockerfile import base_images


@pytest.mark.parametrize(
    ("text", "arguments", "images"),
    [
        ("FROM python:3.11\n", {}, ["python:3.11"]),
        ("FROM a AS first\nfrom b as second\nFROM first\nFROM b\n", {}, ["a", "b"]),
        ("FROM scratch\n", {}, []),
        ("FROM --platform=linux/amd64 a\n", {}, ["a"]),
        ("ARG BASE=a:1\nFROM ${BASE}\n", {}, ["a:1"]),
        ("ARG BASE=a:1\nFROM $BASE\n", {"BASE": "b:2"}, ["b:2"]),
        ("ARG TAG\nFROM a:${TAG:-3}\n", {}, ["a:3"]),
        ("FROM \\\n  a\nRUN echo FROM b\n", {}, ["a"]),
        ("FROM a\nARG BASE=b\nFROM ${BASE:-c}\n", {}, ["a", "c"]),
    ],
)
def test_base_images(text, arguments, images):
    assert base_images(text, arguments) == images
