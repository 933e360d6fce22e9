"""The reference payment and inventory core: the system under test that omotwin ships."""
