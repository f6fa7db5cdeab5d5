"""The serving container beside other servers."""
