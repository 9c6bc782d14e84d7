"""Builds the compiled kernels; everything else about the package stands in setup.cfg.

They are optional: where no compiler is, the installation goes on without them.
"""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

SOURCES = Path("tinynet", "kernels", "cpp")

ParallelCompile("MAX_JOBS").install()  # the sources at once, as many as there are processors or as MAX_JOBS says
setup(
    ext_modules=[
        Pybind11Extension(
            "tinynet.kernels._compiled",
            sorted(str(path) for path in SOURCES.rglob("*.cpp")),
            depends=sorted(str(path) for pattern in ("*.hpp", "*.inc") for path in SOURCES.rglob(pattern)),
            cxx_std=17,
            extra_compile_args=["-O3", "-pthread", "-fno-math-errno", "-Wall"],
            extra_link_args=["-pthread"],
            optional=True,
        )
    ],
)
