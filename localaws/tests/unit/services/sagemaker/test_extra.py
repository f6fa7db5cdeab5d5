"""The packages of an image that are an extra of localaws."""

from importlib import metadata

import pytest

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.extra import require_extra


def test_an_installed_extra_is_accepted():
    require_extra("scikit-learn")


def test_missing_packages_are_named_with_the_next_step(monkeypatch):
    installed = metadata.version

    def version(name):
        if name in {"gunicorn", "scikit-learn"}:
            raise metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(RequestError) as refused:
        require_extra("scikit-learn")
    assert "gunicorn, scikit-learn." in str(refused.value)
    assert "pip install 'localaws[scikit-learn]'" in str(refused.value)
