"""Small matrices train fastest on one thread, above all where tests run side by side."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """PyTorch on one thread, and as it was afterwards."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
