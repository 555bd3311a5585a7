"""Does a deferred package wait until it is used, and is it the whole package then?"""

import subprocess
import sys

import pytest

from livingmeta.deferred import defer


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_fit_loads_neither_sympy_nor_scipys_distributions():
    said = run(
        "import sys, numpy as np\n"
        "from livingmeta.estimators import fit_model\n"
        "fit_model([0.1, 0.3, 0.9], [0.01, 0.02, 0.03], measure='GEN')\n"
        "print([name in sys.modules for name in ('sympy', 'scipy.stats._distn_infrastructure')])"
    )
    assert said == ["[False,", "False]"]


HEAVY = ("pymare", "altair", "scipy.stats", "sphinx")


@pytest.mark.parametrize(
    "code",
    [
        "import livingmeta",
        "from click.testing import CliRunner\nfrom livingmeta.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0",
    ],
    ids=["import livingmeta", "livingmeta --help"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    said = run(f"import sys\n{code}\nprint(*[name for name in {HEAVY} if name in sys.modules], 'end')")
    assert said == ["end"]


def test_whoever_asks_for_the_package_gets_all_of_it():
    said = run(
        "import livingmeta.estimators\n"
        "import pymare, scipy.stats as ss\n"
        "from pymare import Dataset, OneSampleEffectSizeConverter, meta_regression\n"
        "print(pymare.__version__, ss.norm.cdf(0.0), Dataset.__module__, 'norm' in dir(ss))"
    )
    assert said[1:] == ["0.5", "pymare.core", "True"]


def test_a_name_that_is_missing_is_still_missing():
    said = run(
        "from livingmeta.deferred import defer\n"
        "defer('wave')\n"
        "import wave\n"
        "print(hasattr(wave, 'no_such_thing'), hasattr(wave, 'open'), hasattr(wave, 'no_such_thing'))"
    )
    assert said == ["False", "True", "False"]


def test_a_loaded_package_stays_and_one_that_is_not_there_is_named():
    defer("json")
    assert sys.modules["json"].loads("1") == 1
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        defer("no_such_package")


def test_a_stand_in_is_the_module_once_it_is_called():
    said = run(
        "import sys\n"
        "from livingmeta.deferred import stand_in\n"
        "stand_in('colorsys', 'rgb_to_hls')\n"
        "from colorsys import rgb_to_hls\n"
        "print(hasattr(sys.modules['colorsys'], 'hls_to_rgb'), rgb_to_hls(1.0, 1.0, 1.0)[1])\n"
        "import colorsys\n"
        "print(hasattr(colorsys, 'hls_to_rgb'))"
    )
    assert said == ["False", "1.0", "True"]


def test_sphinx_loads_no_data_base_for_notebooks_that_are_executed_already():
    said = run(
        "import sys\n"
        "from livingmeta.book_writer import load\n"
        "load()\n"
        "print('myst_nb.sphinx_ext' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    assert said == ["True", "False"]
