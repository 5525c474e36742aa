"""Execute notebooks, two at a time: python execute.py A.ipynb B.ipynb …

Exit status 1 if a cell fails; its error is printed. The files are not changed.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path


def execute(path: str) -> str:
    """The error of the first cell that fails; empty if none does."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(Path(path).resolve().parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        return str(error)
    return ""


def main(paths: list[str]) -> int:
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning"  # ArviZ announces its next version
    failed = 0
    with ProcessPoolExecutor(2) as pool:
        for path, error in zip(paths, pool.map(execute, paths)):
            print(f"{path}: {error or 'ok'}", flush=True)
            failed += bool(error)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
