from __future__ import annotations

import subprocess
import sys

BLOCKED = (
    "torch",
    "timm",
    "transformers",
    "torchvision",
    "datasets",
    "matplotlib",
    "adaptlabels.builders",
    "adaptlabels.cards",
)
PROGRAM = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({blocked!r}):
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)
sys.meta_path.insert(0, Block())
import adaptlabels.labels as labels
for name in labels.__all__:
    getattr(labels, name)
print(labels.conservative_bound([1, 10], [0.5, 0.8]).mean_cost)
"""


def test_labels_works_where_torch_and_the_other_folders_are_absent():
    program = PROGRAM.format(blocked=BLOCKED)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 3.7


def test_importing_labels_loads_numpy_but_neither_tables_nor_networks():
    program = "import sys, adaptlabels.labels; print([m for m in ('pandera', 'polars', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
