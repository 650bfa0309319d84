"""Ours, Keras 3.15.1 and loops written by hand, side by side: one table, one chart.

    python benchmarks/run.py --keras /path/to/python/with/keras [--backends jax torch]
                             [--workloads mlp cnn] [--rounds 3] [--compiled] [--partial]

Each contender is a process of its own, new in each round; in a round they measure each
figure in short turns, so that a slow spell of the machine meets all of them. Medians
are compared. Results go to `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from data import SIZES  # noqa: E402
from worker import MARK  # noqa: E402

TURNS, SECONDS = 8, 0.12

FIGURES = {
    "step": ("a step of fit", 1e3, "ms"),
    "first": ("first epoch, with imports and compilation", 1, "s"),
    "evaluate": ("a batch of evaluate", 1e3, "ms"),
    "predict": ("a batch of predict", 1e3, "ms"),
    "predict_one": ("predict of one sample", 1e3, "ms"),
    "call_one": ("model(x) of one sample", 1e3, "ms"),
    "memory": ("peak memory of training", 1, "MB"),
}
ASKED = ("step", "memory", "evaluate", "predict", "predict_one", "call_one")


class Worker:
    """A contender's process; it rests until it is asked for a figure."""

    def __init__(
        self, python: str, module: str, workload: str, backend: str, **env: str
    ) -> None:
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [python, str(HERE / "worker.py"), module, workload],
            env={
                **os.environ,
                "KERAS_BACKEND": backend,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                **env,
            },
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.found: dict[str, list[float]] = {"first": self._answer()}

    def _answer(self) -> list[float]:
        for line in self._process.stdout or ():
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        self._errors.seek(0)
        raise RuntimeError(f"{self._process.args}:\n{self._errors.read()[-800:]}")

    def ask(self, name: str, seconds: float, kept: bool = True) -> None:
        """Let it measure a figure for so many seconds."""
        self._process.stdin.write(f"{name} {seconds}\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        times = self._answer()
        if kept:
            self.found.setdefault(name, []).extend(times)

    def close(self) -> dict[str, float]:
        """The medians of what it found."""
        self._process.communicate()
        return {name: statistics.median(times) for name, times in self.found.items()}


def measure(contenders: dict[str, dict], workload: str, backend: str) -> dict:
    """One round: the contenders measure each figure in short turns."""
    workers = {
        name: Worker(workload=workload, backend=backend, **given)
        for name, given in contenders.items()
    }
    for figure in ASKED:
        for turn in range(TURNS + 1):
            for worker in workers.values():  # the first turn compiles
                worker.ask(figure, SECONDS, kept=turn > 0)
    return {name: worker.close() for name, worker in workers.items()}


def median_of(rounds: list[dict]) -> dict[str, float]:
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


def report(results: dict) -> str:
    """The tables as Markdown: for each backend and figure, values and ratios."""
    lines = []
    for backend, workloads in results.items():
        for key, (title, scale, unit) in FIGURES.items():
            lines += [f"### {backend}: {title} ({unit})", ""]
            names = list(next(iter(workloads.values())))
            others = [name for name in names if name != "ours"]
            lines.append(
                "| workload | "
                + " | ".join(names)
                + " | "
                + " | ".join(f"ours / {name}" for name in others)
                + " |"
            )
            lines.append("|---" * (1 + len(names) + len(others)) + "|")
            logs: dict[str, list[float]] = {name: [] for name in others}
            for workload, found in workloads.items():
                cells = [f"{found[n][key] * scale:.3g}" for n in names]
                for name in others:
                    ratio = found["ours"][key] / found[name][key]
                    logs[name].append(math.log(ratio))
                    cells.append(f"{ratio:.2f}")
                lines.append(f"| {workload} | " + " | ".join(cells) + " |")
            means = [f"{math.exp(statistics.mean(v)):.2f}" for v in logs.values()]
            blank = " | ".join("" for _ in names)
            lines += [f"| geometric mean | {blank} | " + " | ".join(means) + " |", ""]
    return "\n".join(lines)  # fmt: skip


def chart(results: dict, path: pathlib.Path) -> None:
    """The step times over the hand-written ones, as bars."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(results), figsize=(5 * len(results), 4))
    for axis, (backend, workloads) in zip(
        axes if len(results) > 1 else [axes], results.items()
    ):
        names = [n for n in next(iter(workloads.values())) if n != "by hand"]
        for i, name in enumerate(names):
            heights = [
                w[name]["step"] / w["by hand"]["step"] for w in workloads.values()
            ]
            places = [j + 0.8 * i / len(names) for j in range(len(heights))]
            axis.bar(places, heights, 0.8 / len(names), label=name)
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_xticks(range(len(workloads)), workloads, rotation=45, ha="right")
        axis.set_title(f"{backend}: step over by hand")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="a Python that has Keras 3.15.1 installed")
    parser.add_argument("--backends", nargs="+", default=["jax", "torch", "tensorflow"])
    parser.add_argument("--workloads", nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--partial", action="store_true", help="half the samples in the last batches"
    )
    parser.add_argument(
        "--compiled", action="store_true", help="on PyTorch, torch.compile by hand too"
    )
    options = parser.parse_args()
    if options.partial:
        os.environ["LAST_BATCH"] = "half"
    results: dict = {}
    for backend in options.backends:
        for workload in options.workloads:
            by_hand = {"python": sys.executable, "module": f"by_hand_{backend}"}
            contenders: dict[str, dict] = {
                "ours": {"python": sys.executable, "module": "by_api"},
                "by hand": by_hand,
            }
            if options.keras:
                contenders["Keras"] = {"python": options.keras, "module": "by_api"}
            if options.compiled and backend == "torch":
                contenders["torch.compile"] = {**by_hand, "TORCH_COMPILE": "1"}
            try:
                found = [
                    measure(contenders, workload, backend)
                    for _ in range(options.rounds)
                ]
            except RuntimeError as error:
                print(f"{workload} {backend} failed: {error}")
            else:
                medians = {n: median_of([r[n] for r in found]) for n in contenders}
                results.setdefault(backend, {})[workload] = medians
                steps = {n: f"{m['step'] * 1e3:.3f} ms" for n, m in medians.items()}
                print(backend, workload, steps, flush=True)
    folder = HERE / "results" / ("partial" if options.partial else "")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "steps.json").write_text(json.dumps(results, indent=1))
    (folder / "steps.md").write_text(report(results))
    chart(results, folder / "steps.png")
    print(report(results))


if __name__ == "__main__":
    main()
