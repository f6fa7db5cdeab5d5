import pytest

from localaws.services import registry


@pytest.mark.parametrize("name", sorted(registry.SERVICES))
def test_a_service_is_run_by_the_class_of_its_name(name):
    assert registry.provider_class(name).service_name == name
