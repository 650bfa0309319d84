"""Lines without tests, per package: code, docstrings, comments, blank."""

import ast
import collections
import pathlib

ROOT = pathlib.Path(__file__).parents[1] / "keras"
KINDS = ("all", "code", "docstrings", "comments", "blank")


def count(path):
    text = path.read_text()
    lines = text.splitlines()
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                first = node.body[0]
                documented.update(range(first.lineno, first.end_lineno + 1))
    found = collections.Counter({"all": len(lines), "docstrings": len(documented)})
    for number, line in enumerate(lines, 1):
        if number not in documented:
            blank, comment = not line.strip(), line.strip().startswith("#")
            found["blank" if blank else "comments" if comment else "code"] += 1
    return found


def main():
    table = collections.defaultdict(collections.Counter)
    for path in ROOT.rglob("*.py"):
        package = path.relative_to(ROOT).parts[0]
        for name in (package if package.count(".") == 0 else "(top)", "in all"):
            table[name].update(count(path))
    print("| package | " + " | ".join(KINDS) + " |")
    print("|---" * (len(KINDS) + 1) + "|")
    for name in sorted(table, key=lambda n: (n == "in all", n)):
        print(f"| {name} | " + " | ".join(f"{table[name][k]:,}" for k in KINDS) + " |")


if __name__ == "__main__":
    main()
