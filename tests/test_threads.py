"""What calls in several threads of Python leave behind when the one that begins first ends first."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier, Thread
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from longlag.algebra.stateless import threads, twice_differentiable
from longlag.algebra.threads import torch_threads, without_notes
from longlag.esn.threads import undisturbed

SMALL, LARGE = {"w": torch.zeros(3, 3)}, {"w": torch.zeros(500, 500)}
LIMITS = pytest.mark.parametrize(
    "limit", [undisturbed, lambda: threads(SMALL)], ids=["of an estimator", "of a step of a small net"]
)


@pytest.fixture(autouse=True)
def two_threads():
    """torch and BLAS have two threads each in a test, and afterwards what they had."""
    before, libraries = torch.get_num_threads(), threadpool_info()
    torch.set_num_threads(2)
    set_blas_threads(2)
    yield
    set_blas_threads(libraries)
    torch.set_num_threads(before)


def blas_threads():
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def set_blas_threads(limits):
    """In a thread that ends, since threadpoolctl lets a living one keep the right to set them."""
    thread = Thread(target=threadpool_limits, args=(limits,))
    thread.start()
    thread.join()


def overlapping(first: AbstractContextManager, second: AbstractContextManager, ask) -> list[Any]:
    """What `ask` says inside the second, which begins and ends later than the first, and after each in its thread."""
    first_is_in, second_is_in, first_is_out = (Barrier(2) for _ in range(3))

    def begins_first():
        with first:
            first_is_in.wait()
            second_is_in.wait()
        first_is_out.wait()
        return [ask()]

    def ends_last():
        first_is_in.wait()
        with second:
            second_is_in.wait()
            first_is_out.wait()
            inside = ask()
        return [inside, ask()]

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call) for call in (begins_first, ends_last)]
        after_first, (inside, after_second) = (call.result(timeout=60) for call in calls)
    return [inside, *after_first, after_second]


def in_a_new_thread(ask):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


@LIMITS
def test_calls_that_overlap_in_threads_leave_the_number_of_threads(limit):
    assert overlapping(limit(), limit(), torch.get_num_threads) == [1, 2, 2]
    assert in_a_new_thread(torch.get_num_threads) == 2


def test_estimators_that_overlap_in_threads_leave_that_of_blas():
    found = blas_threads()
    inside, _, last = overlapping(undisturbed(), undisturbed(), blas_threads)
    assert set(inside) == {1}
    assert last == blas_threads() == found


def test_an_estimator_and_a_step_that_overlap_leave_the_number_of_threads():
    assert overlapping(undisturbed(), threads(SMALL), torch.get_num_threads) == [1, 2, 2]
    assert overlapping(threads(SMALL), undisturbed(), torch.get_num_threads) == [1, 2, 2]


def test_a_large_net_beside_a_small_one_has_all_threads():
    assert overlapping(threads(SMALL), threads(LARGE), torch.get_num_threads) == [2, 2, 2]


@LIMITS
def test_a_call_within_a_call_keeps_one_thread(limit):
    with limit():
        with limit():
            pass
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_an_error_puts_the_number_back():
    with pytest.raises(ZeroDivisionError), torch_threads(1):
        1 / 0  # noqa: B018
    assert torch.get_num_threads() == 2
    assert in_a_new_thread(torch.get_num_threads) == 2


def test_steps_that_overlap_leave_the_kernels_of_torch():
    def fused():
        return torch.backends.mkldnn.enabled, torch.backends.cuda.flash_sdp_enabled()

    found = fused()
    inside, _, last = overlapping(twice_differentiable(), twice_differentiable(), fused)
    assert inside == (False, False)
    assert last == fused() == found == (True, True)


@pytest.mark.parametrize("other", [twice_differentiable, without_notes])
def test_steps_that_overlap_leave_the_filters_of_warnings(other):
    found = [*warnings.filters]
    try:
        inside, _, last = overlapping(twice_differentiable(), other(), lambda: [*warnings.filters])
        assert len(inside) == len(found) + 3, "those of both, until the last is out"
        assert last == found
    finally:
        warnings.filters[:] = found
