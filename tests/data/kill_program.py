"""A program that is killed: it trains on data from two processes, for ever.

`kill_program.py FOLDER`: it writes the ids of its workers to FOLDER/workers, and what
ended it to FOLDER/ended.
"""

import pathlib
import sys
import time

import numpy as np

from keras.data import Dataset


def slowly(n, rng):
    """Work for two milliseconds."""
    time.sleep(0.002)
    return np.full((100, 100), n, "float32") + rng.random()


def main(folder):
    """Read epoch after epoch."""
    dataset = Dataset.range(200).shuffle(seed=1).map(slowly, seed=2).batch(8)
    dataset = dataset.prefetch(workers=2, use_multiprocessing=True)
    try:
        for epoch in range(10**6):
            for batch in dataset:
                assert batch.shape == (8, 100, 100)
                if epoch == 0 and not (folder / "workers").exists():
                    ids = " ".join(map(str, dataset._pool.process_ids))
                    (folder / "new").write_text(ids)
                    (folder / "new").rename(folder / "workers")
    except BaseException as error:
        (folder / "ended").write_text(f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
