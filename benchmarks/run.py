"""Ours, Keras 3.15.1 and loops written by hand, side by side: one table, one chart.

    python benchmarks/run.py --keras /path/to/python/with/keras [--backends jax torch]
                             [--workloads mlp cnn] [--rounds 3] [--compiled] [--partial]

Each measurement is a process of its own; the contenders take turns, round after round,
and medians are compared. Results go to `benchmarks/results/`.
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

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

from data import SIZES  # noqa: E402

FIGURES = {
    "step": ("a step of fit", 1e3, "ms"),
    "first": ("first epoch, with compilation", 1, "s"),
    "evaluate": ("a batch of evaluate", 1e3, "ms"),
    "predict": ("a batch of predict", 1e3, "ms"),
    "predict_one": ("predict of one sample", 1e3, "ms"),
    "call_one": ("model(x) of one sample", 1e3, "ms"),
    "memory": ("peak memory", 1, "MB"),
}


def measure(
    python: str, contender: str, workload: str, backend: str, compiled: bool = False
) -> dict | None:
    """What one process found, or None (with the end of its output) if it failed."""
    env = dict(os.environ, KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3")
    if compiled:
        env["TORCH_COMPILE"] = "1"
    done = subprocess.run(
        [python, str(HERE / "worker.py"), contender, workload],
        env=env,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        print(f"{contender} {workload} {backend} failed:\n{done.stderr[-800:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


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
            by_hand = f"by_hand_{backend}"
            contenders: dict[str, tuple] = {
                "ours": (sys.executable, "by_api"),
                "by hand": (sys.executable, by_hand),
            }
            if options.keras:
                contenders["Keras"] = (options.keras, "by_api")
            if options.compiled and backend == "torch":
                contenders["torch.compile"] = (sys.executable, by_hand, True)
            found: dict[str, list] = {name: [] for name in contenders}
            for _ in range(options.rounds):
                for name, (python, module, *compiled) in contenders.items():
                    one = measure(python, module, workload, backend, *compiled)
                    if one:
                        found[name].append(one)
            if all(found.values()):
                medians = {name: median_of(rounds) for name, rounds in found.items()}
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
