"""Images a second from a folder of JPEGs to augmented batches, beside others.

    python benchmarks/data_pipeline.py --keras /path/to/python

4,000 JPEGs of 256 to 512 pixels a side are decoded, resized to 224 x 224, flipped and
rotated at random, and stacked in batches of 64. The contenders run in processes of
their own, in turn, for some rounds; each reads the folder once to warm up, and is
measured while it reads it again. Medians are compared.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

SIZE, BATCH = 224, 64
ANGLE = 0.1  # of a full turn
HERE = pathlib.Path(__file__).resolve()
CONTENDERS = (
    "ours, threads",
    "ours, processes",
    "tf.data and layers of Keras",
    "PyTorch DataLoader and Pillow",
    "Grain and Pillow, processes",
    "Grain and Pillow, threads",
    "by hand: threads and Pillow",
)


def write_pictures(folder, count):
    """Parts of scikit-learn's two pictures, with noise, as JPEGs in two classes."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(0)
    sources = [
        Image.fromarray(image).resize((960, 640))
        for image in load_sample_images().images
    ]
    for number in range(count):
        width, height = rng.integers(256, 513, 2)
        label = number % 2
        left, top = rng.integers(0, 960 - width + 1), rng.integers(0, 640 - height + 1)
        part = sources[label].crop((left, top, left + width, top + height))
        pixels = np.asarray(part).astype("int16")
        pixels += rng.integers(-12, 13, pixels.shape, dtype="int16")
        path = folder / ("china", "flower")[label] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
        image.save(path, quality=90)


# The contenders: each returns something that gives the batches of an epoch


def ours(folder, workers, processes):
    """A folder's dataset, and our layers on the batch."""
    import keras

    flip = keras.layers.RandomFlip("horizontal", seed=1)
    rotate = keras.layers.RandomRotation(ANGLE, seed=2)
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIZE, SIZE), batch_size=BATCH, verbose=False
    )
    dataset = dataset.map(_Augment(flip, rotate))
    return dataset.prefetch(workers=workers, use_multiprocessing=processes)


class _Augment:
    """Flip and rotate; a class of this file, so that it can be sent to a process."""

    def __init__(self, *layers):
        self.layers = layers

    def __call__(self, images, labels):
        for layer in self.layers:
            images = layer(images, training=True)
        return images, labels


def tf_data(folder, workers):
    """Keras 3.15.1's own way."""
    import tensorflow as tf

    import keras

    flip = keras.layers.RandomFlip("horizontal", seed=1)
    rotate = keras.layers.RandomRotation(ANGLE, seed=2)

    def augment(images, labels):
        return rotate(flip(images, training=True), training=True), labels

    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIZE, SIZE), batch_size=BATCH, verbose=False
    )
    options = tf.data.Options()
    options.threading.private_threadpool_size = workers
    dataset = dataset.map(augment, num_parallel_calls=workers).prefetch(2)
    return dataset.with_options(options)


def read_with_pillow(path, rng):
    """A picture as most programs read it: Pillow for everything, then an array."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as file:
        image = file.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle = 360 * rng.uniform(-ANGLE, ANGLE)
    image = image.rotate(angle, Image.Resampling.BILINEAR)
    return np.asarray(image, "float32")


def files_of(folder):
    """Paths and labels."""
    return [
        (str(path), label)
        for label, name in enumerate(("china", "flower"))
        for path in sorted((folder / name).iterdir())
    ]


def torch_loader(folder, workers):
    """Processes of PyTorch, which stay."""
    import numpy as np
    import torch.utils.data

    class Pictures(torch.utils.data.Dataset):
        def __init__(self):
            self.files = files_of(folder)

        def __len__(self):
            return len(self.files)

        def __getitem__(self, index):
            path, label = self.files[index]
            pixels = read_with_pillow(path, np.random.default_rng())
            return torch.from_numpy(pixels), label

    return torch.utils.data.DataLoader(
        Pictures(), BATCH, shuffle=True, num_workers=workers, persistent_workers=True
    )


class _GrainSource:
    def __init__(self, folder):
        self.files = files_of(folder)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.files[index]


def _grain_read(file, rng):
    return read_with_pillow(file[0], rng), file[1]


class _GrainEpochs:
    """One iterator over two epochs, so that its processes stay."""

    def __init__(self, folder, workers, processes):
        import absl.flags
        import grain

        absl.flags.FLAGS.mark_as_parsed()  # without it Grain starts no processes
        pictures = grain.MapDataset.source(_GrainSource(folder)).seed(1).shuffle()
        pictures = pictures.repeat(2).random_map(_grain_read).batch(BATCH)
        if processes:
            options = grain.MultiprocessingOptions(num_workers=workers)
            data = pictures.to_iter_dataset(grain.ReadOptions(num_threads=0))
            data = data.mp_prefetch(options)
        else:
            data = pictures.to_iter_dataset(grain.ReadOptions(num_threads=workers))
        self.batches = -(-len(_GrainSource(folder)) // BATCH)
        self.iterator = iter(data)

    def __iter__(self):
        for _ in range(self.batches):
            yield next(self.iterator)


class _ByHand:
    """A pool of threads that reads pictures, and a loop that stacks them."""

    def __init__(self, folder, workers):
        import concurrent.futures

        self.files = files_of(folder)
        self.pool = concurrent.futures.ThreadPoolExecutor(workers)

    def __iter__(self):
        import numpy as np

        rng = np.random.default_rng()
        order = rng.permutation(len(self.files))
        chunks = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        ahead = []
        for chunk in chunks:
            ahead.append([self.pool.submit(self.read, int(i)) for i in chunk])
            if len(ahead) > 2:
                yield self.stack(ahead.pop(0))
        for futures in ahead:
            yield self.stack(futures)

    def read(self, index):
        import numpy as np

        path, label = self.files[index]
        return read_with_pillow(path, np.random.default_rng()), label

    def stack(self, futures):
        import numpy as np

        pictures, labels = zip(*(future.result() for future in futures))
        return np.stack(pictures), np.array(labels)


def contender(name, folder, workers):
    """The batches of a contender."""
    if name.startswith("ours"):
        return ours(folder, workers, "processes" in name)
    if name.startswith("tf.data"):
        return tf_data(folder, workers)
    if name.startswith("PyTorch"):
        return torch_loader(folder, workers)
    if name.startswith("Grain"):
        return _GrainEpochs(folder, workers, "processes" in name)
    return _ByHand(folder, workers)


def processor_seconds():
    """What this process and those it has started have used so far."""
    stats = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        stats[int(path.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])

    mine = {os.getpid()}
    while more := {p for p, (parent, _) in stats.items() if parent in mine} - mine:
        mine |= more
    return sum(stats[p][1] for p in mine) / os.sysconf("SC_CLK_TCK")


def measure(name, folder, workers):
    """Images a second in the second epoch, and the time to its first batch.

    Also the processor's time for an image, which other programs disturb less.
    """
    batches = contender(name, folder, workers)
    start = time.perf_counter()
    for _ in batches:
        pass
    first_epoch = time.perf_counter() - start

    start, used = time.perf_counter(), processor_seconds()
    count, first = 0, None
    for images, _ in batches:
        first = first or time.perf_counter() - start
        assert tuple(images.shape[1:]) == (SIZE, SIZE, 3)
        count += images.shape[0]
    seconds = time.perf_counter() - start
    return {
        "images a second": count / seconds,
        "processor": (processor_seconds() - used) / count,
        "first batch": first,
        "first epoch": first_epoch,
    }


def run(name, options):
    """A contender in a process of its own."""
    python, environment = sys.executable, {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if name.startswith("tf.data"):
        python = options.keras
        environment.pop("PYTHONPATH", None)
        environment["KERAS_BACKEND"] = "tensorflow"
    else:
        environment.setdefault("PYTHONPATH", str(HERE.parents[1]))
    command = [python, str(HERE), "--one", name, "--folder", str(options.folder)]
    command += ["--workers", str(options.workers)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Write the files, run the contenders in turn, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, default="/tmp/pictures")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keras", help="a Python that has Keras 3.15.1")
    parser.add_argument("--only", nargs="*", default=CONTENDERS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.folder, options.workers)))
        return

    if not options.folder.exists():
        write_pictures(options.folder, options.count)
    names = [n for n in options.only if options.keras or not n.startswith("tf.data")]
    found = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            found[name].append(run(name, options))
            print(name, found[name][-1], flush=True)

    print(
        f"\n| {options.workers} workers | images a second | processor, ms an image "
        "| first batch, ms |"
    )
    print("|---|---:|---:|---:|")
    for name in names:
        speed = statistics.median(r["images a second"] for r in found[name])
        used = 1000 * statistics.median(r["processor"] for r in found[name])
        first = 1000 * statistics.median(r["first batch"] for r in found[name])
        print(f"| {name} | {speed:.0f} | {used:.2f} | {first:.0f} |")


if __name__ == "__main__":
    main()
