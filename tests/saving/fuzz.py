"""Spoilt files for every reader: nothing but plain errors may come of them.

    python tests/saving/fuzz.py --minutes 60 --backend torch

A worker reads case after case under a limit on memory, with a hook on everything that
opens files, imports, runs code, or talks to the network; its parent kills it when a
case takes too long. A case is given by a seed and a number, so that it can be repeated:

    python tests/saving/fuzz.py --seed 1 --case 4711
"""

import argparse
import collections
import importlib
import json
import os
import pathlib
import pickle
import random
import resource
import select
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CASE_SECONDS = 20  # a case that takes longer hangs
MEMORY = 1 << 30  # address space that reading may take beyond the start
WORKER_CASES = 4000
# What the frameworks say when there is not enough.
NO_MEMORY = ("MemoryError", "allocate", "out of memory", "RESOURCE_EXHAUSTED")
SLOW_SECONDS = 10
CASE_MEGABYTES = 512  # what reading one small file may take


class Watch:
    """Notes what a reader may not do; it hears of it through Python's audit hook."""

    MODULES = set(sys.stdlib_module_names) | {
        *("keras", "jax", "jaxlib", "torch", "tensorflow", "numpy", "h5py", "optree"),
        *("ml_dtypes", "scipy", "opt_einsum", "safetensors", "sympy", "mpmath", "_csv"),
    }
    NEVER = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn")
    NEVER += (
        "os.fork",
        "os.symlink",
        "os.link",
        "os.putenv",
        "urllib.",
        "http.",
        "ftp",
    )
    NEVER += ("pickle.find_class", "code.__new__", "os.startfile", "pty.", "os.chown")
    PATHS = (
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.chmod",
        "os.truncate",
    )
    PATHS += ("shutil.copyfile", "shutil.move", "shutil.rmtree", "tempfile.mkstemp")

    def __init__(self, jail: str) -> None:
        self.jail = os.path.realpath(jail)
        self.active = False
        self.found: list[str] = []
        prefixes = {
            sys.prefix,
            sys.base_prefix,
            str(ROOT),
            os.path.dirname(os.__file__),
        }
        self.code = tuple(os.path.realpath(p) for p in prefixes)
        self.readable = (*self.code, "/proc", "/sys", "/dev/null", "/dev/urandom")
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple) -> None:
        if not self.active:
            return
        self.active = False
        try:
            if not self._fine(event, args):
                self.found.append(f"{event} {str(args)[:300]}")
        finally:
            self.active = True

    def _fine(self, event: str, args: tuple) -> bool:
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int) or self._inside(path, (self.jail,)):
                return True
            writes = (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return not writes and self._inside(path, self.readable)
        if event == "import":
            return args[0].partition(".")[0] in self.MODULES
        if event in ("exec", "compile"):
            name = args[0].co_filename if event == "exec" else args[1]
            return self._is_code(name)
        if event in ("marshal.loads", "marshal.load"):
            return _importing()
        if event in self.PATHS:
            if isinstance(args[-1], int) and args[-1] >= 0 and "/" not in str(args[0]):
                return True  # in a folder that was opened, and so looked at, before
            return all(
                self._inside(p, (self.jail,))
                for p in args
                if isinstance(p, (str, bytes))
            )
        if event == "ctypes.dlopen":
            return args[0] is None or self._inside(args[0], self.code)
        return not event.startswith(self.NEVER)

    def _is_code(self, name) -> bool:
        text = os.fsdecode(name) if isinstance(name, (str, bytes)) else ""
        if text.startswith(("<frozen", "<__array_function__", "<attrs")):
            return True
        if text in ("<string>", "<unknown>"):  # dataclasses, namedtuples, signatures
            return _called_from(self.code)
        return self._inside(text, self.code)

    def _inside(self, path, folders) -> bool:
        try:
            real = os.path.realpath(os.fsdecode(path))
        except (ValueError, TypeError):
            return True  # no such name exists
        return any(real == f or real.startswith(f + os.sep) for f in folders)


def _importing() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _called_from(folders) -> bool:
    """Whether the code that asks is a library's that makes code of its own."""
    frame = sys._getframe(4)
    names = (
        "dataclasses.py",
        "ast.py",
        "collections/__init__.py",
        "optree",
        "torch",
        "jax",
    )
    name = frame.f_code.co_filename
    return name.startswith(folders) and any(n in name for n in names)


def worker(options) -> None:
    """Read cases, one line before and one after each."""
    os.environ["KERAS_BACKEND"] = options.backend
    sys.path[:0] = [str(HERE), str(ROOT)]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    import warnings

    warnings.simplefilter("ignore")
    import targets

    from keras.core.config.registry import BUILTIN_NAMESPACES

    # Where names are looked up: an import at a first use evaluates annotations.
    for namespace in BUILTIN_NAMESPACES:
        importlib.import_module(namespace)

    jail = tempfile.mkdtemp(dir=options.folder)
    tempfile.tempdir = jail
    os.chdir(jail)
    os.environ["KERAS_HOME"] = jail
    folder = pathlib.Path(jail, "case", "inner")
    honest = pathlib.Path(jail, "honest")
    folder.mkdir(parents=True)
    honest.mkdir()
    found = targets.targets(honest)
    for shard in honest.glob("s_*.weights.h5"):
        (folder / shard.name).write_bytes(shard.read_bytes())
    kept = {p.name for p in folder.iterdir()}
    known = {p.name for p in pathlib.Path(jail).iterdir()}
    watch = Watch(jail)
    start = _virtual_memory()
    resource.setrlimit(resource.RLIMIT_AS, (start + MEMORY, start + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps({"ready": len(found), "rss": _rss()}), file=out)
    for line in sys.stdin:
        number = int(line)
        rng = random.Random(options.seed * 10**9 + number)
        target = found[number % len(found)]
        path = folder / f"case{target.ending}"
        path.write_bytes(target.make(rng))
        if options.case is not None:
            (HERE / f"case-{number}{target.ending}").write_bytes(path.read_bytes())
        before, began = _rss(), time.perf_counter()
        outcome = _read(target, path, watch, options.case is not None)
        took = time.perf_counter() - began
        strays = {p.name for p in pathlib.Path(jail).iterdir()} - known
        if strays or len(list(folder.parent.iterdir())) > 1:
            watch.found.append(f"files outside: {strays}")
        for left in folder.iterdir():
            if left.name not in kept:
                _remove(left)
        report = {"case": number, "target": target.name, "outcome": outcome}
        if took > SLOW_SECONDS:
            watch.found.append("slow")
        if _rss() - before > CASE_MEGABYTES:
            watch.found.append(f"{_rss() - before} MB")
        report |= {"seconds": round(took, 4), "rss": _rss(), "found": watch.found}
        watch.found = []
        print(json.dumps(report), file=out)


def _read(target, path, watch, loud: bool) -> str:
    import targets

    watch.active = True
    try:
        target.read(path)
    except targets.EXPECTED as error:
        outcome = type(error).__name__
        known = isinstance(error, pickle.UnpicklingError)  # see THREAT_MODEL.md
        if not known and any(text in str(error) for text in NO_MEMORY):
            watch.found.append(f"out of memory: {str(error)[:500]}")
        if loud:
            print(f"{outcome}: {error}", file=sys.stderr)
    except BaseException as error:
        watch.active = False
        import traceback

        where = traceback.format_exc()[-1500:]
        watch.found.append(f"{type(error).__name__}: {str(error)[:300]}\n{where}")
        outcome = "unexpected"
    else:
        outcome = "read"
    finally:
        watch.active = False
    return outcome


def _remove(path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inner in path.iterdir():
            _remove(inner)
        path.rmdir()
    else:
        path.unlink()


def _virtual_memory() -> int:
    pages = pathlib.Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def _rss() -> int:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


class Runner:
    """Gives cases to workers, one worker at a time, and counts what happens."""

    def __init__(self, options) -> None:
        self.options = options
        self.outcomes: collections.Counter = collections.Counter()
        self.findings: list[dict] = []
        self.slowest: dict = {"seconds": 0.0}
        self.growth = 0
        self.cases = 0
        self.process: subprocess.Popen | None = None

    def run(self, seconds: float, first: int, count: int | None) -> None:
        """Cases from `first` on until the time is over, or there were `count`."""
        end = time.monotonic() + seconds
        number, served = first, 0
        while time.monotonic() < end and number - first != count:
            if self.process is None or served >= WORKER_CASES:
                self._start()
                served = 0
            self._case(number)
            number += 1
            served += 1
            if number % 2000 == 0:
                self.report()
        self._stop()

    def _case(self, number: int) -> None:
        try:
            self.process.stdin.write(f"{number}\n")
            self.process.stdin.flush()
            report = self._line(CASE_SECONDS)
        except (BrokenPipeError, EOFError):
            code = self.process.wait()
            report = {
                "case": number,
                "outcome": "crash",
                "found": [f"exit code {code}"],
            }
            self._stop()
        except TimeoutError:
            report = {"case": number, "outcome": "hang", "found": ["hang"]}
            self._stop()
        self.cases += 1
        self.outcomes[report["outcome"]] += 1
        if report.get("seconds", 0) > self.slowest["seconds"]:
            self.slowest = report
        if "rss" in report:
            self.growth = max(self.growth, report["rss"] - self.start_rss)
        if report["found"]:
            self.findings.append(report)
            print(json.dumps(report), flush=True)

    def _start(self) -> None:
        self._stop()
        options = self.options
        self.errors = open(os.path.join(options.folder, "errors"), "w+")
        command = [sys.executable, __file__, "--worker", "--seed", str(options.seed)]
        command += ["--backend", options.backend, "--folder", options.folder]
        if options.case is not None:
            command += ["--case", str(options.case)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            bufsize=1,
        )
        try:
            self.start_rss = self._line(300)["rss"]
        except EOFError:
            self._stop()
            raise SystemExit("The worker did not start.") from None

    def _line(self, seconds: float) -> dict:
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise TimeoutError
        line = self.process.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def _stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.errors.seek(0)
            text = self.errors.read()
            self.errors.close()
            if self.options.case is not None or "Traceback" in text:
                print(text, file=sys.stderr)

    def report(self) -> None:
        """Print the figures."""
        figures = {
            "cases": self.cases,
            "outcomes": dict(self.outcomes),
            "findings": len(self.findings),
            "memory above the start, MB": self.growth,
            "slowest": {k: self.slowest.get(k) for k in ("case", "target", "seconds")},
        }
        print(json.dumps(figures), flush=True)


def main() -> int:
    """Run; the exit code says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--case", type=int)
    parser.add_argument("--backend", default="jax")
    parser.add_argument("--folder")
    parser.add_argument("--worker", action="store_true")
    options = parser.parse_args()
    if options.worker:
        worker(options)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        runner = Runner(options)
        if options.case is not None:
            runner._start()
            runner._case(options.case)
            runner._stop()
        else:
            runner.run(options.minutes * 60, options.first, options.cases)
        runner.report()
    return 1 if runner.findings else 0


if __name__ == "__main__":
    sys.exit(main())
