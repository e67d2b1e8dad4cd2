from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlplan.conda.pythons import python_of
from amlplan.conda.versions import NotConvertedError, read_spec, requirement_version


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("numpy", "numpy", ""),
        ("numpy=1.16", "numpy", "==1.16.*"),
        ("numpy=1.16.*", "numpy", "==1.16.*"),
        ("numpy = 1.16", "numpy", "==1.16.*"),
        ("numpy==1.16", "numpy", "==1.16"),
        ("numpy 1.16", "numpy", "==1.16"),
        ("numpy 1.16.*", "numpy", "==1.16.*"),
        ("numpy 1.8*", "numpy", "==1.8.*"),
        ("numpy=1.16.2=py36_0", "numpy", "==1.16.2"),
        ("numpy 1.16.2 py36_0", "numpy", "==1.16.2"),
        ("numpy=1.16=*mkl*", "numpy", "==1.16"),
        ("numpy==1.16=0", "numpy", "==1.16"),
        ("numpy>=1.8=py*", "numpy", ">=1.8"),
        ("numpy>=1.16,<2", "numpy", ">=1.16,<2"),
        ("numpy >=1.16, <2 # why", "numpy", ">=1.16,<2"),
        ("numpy=1.16,<1.17", "numpy", "==1.16.*,<1.17"),
        ("numpy!=1.16.*", "numpy", "!=1.16.*"),
        ("numpy>=1.16.*", "numpy", ">=1.16"),
        ("numpy<2.*", "numpy", "<2"),
        ("numpy~=1.16", "numpy", "~=1.16"),
        ("numpy=*", "numpy", ""),
        ("numpy *", "numpy", ""),
        ("conda-forge::NumPy=1.16", "numpy", "==1.16.*"),
        ("pkgs/main::numpy", "numpy", ""),
        ("numpy[version='>=1.2,<2', build=py36*]", "numpy", ">=1.2,<2"),
        ('numpy[version="1.2.*"]', "numpy", "==1.2.*"),
        ("tool=1.0rc1", "tool", "==1.0rc1"),
        ("py-xgboost", "py-xgboost", ""),
        ("_libgcc_mutex=0.1=main", "_libgcc_mutex", "==0.1"),
    ],
)
def test_versions_mean_what_they_mean_to_conda(text: str, name: str, version: str) -> None:
    spec = read_spec(text)
    assert (spec.name, requirement_version(spec.version)) == (name, version)


@pytest.mark.parametrize("text", ["numpy=1.2|1.3", "numpy[version='^1.*$']", "jpeg=9d", "x=1.0_1"])
def test_what_a_requirement_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(NotConvertedError):
        requirement_version(read_spec(text).version)


@pytest.mark.parametrize("text", ["", "=1.2", "numpy;1", "numpy >", "numpy@1", "numpy=1=2=3 4"])
def test_what_is_no_dependency_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        requirement_version(read_spec(text).version)


@given(st.text(alphabet="numpy=<>!~,|.*[]'\" 123#:-_", max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        requirement_version(read_spec(text).version)


@pytest.mark.parametrize(
    ("version", "given_python", "found"),
    [
        ("=3.6.2", None, "3.6.2"),
        ("=3.7", None, "3.7"),
        ("==3.7", None, "3.7"),
        ("3.8.*", None, "3.8"),
        (">=3.6,<3.7", None, "3.6"),
        ("~=3.9.1", None, "3.9"),
        ("", None, ""),
        ("", "3.11", "3.11"),
        (">=3.6", "3.11", "3.11"),
        ("=3.9", "3.9.18", "3.9.18"),
    ],
)
def test_the_python_of_a_file(version: str, given_python: str | None, found: str) -> None:
    assert python_of(version, given_python) == found


@pytest.mark.parametrize(
    ("version", "given_python", "said"),
    [
        (">=3.6", None, 'python = "3.14"'),
        ("=3", None, "several"),
        ("=2.7", None, "no Python 3"),
        ("=3.6", "3.11", "the file asks for Python 3.6, and the block for 3.11"),
    ],
)
def test_a_python_that_is_open_or_another_is_refused(
    version: str, given_python: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        python_of(version, given_python)
