"""The progress bar on a terminal, in a file, in the log, and in silence."""

import io
import logging
import os
import pty
import re
import subprocess
import sys
import time
from collections import UserDict

import numpy as np
import pytest

import keras
from keras.callbacks import CallbackList, LambdaCallback
from keras.utils import io_utils
from keras.utils.progbar import Progbar


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


class Terminal:
    """What was written to standard output, which is taken for a terminal."""

    def __init__(self, capsys):
        self.capsys, self.text = capsys, ""

    def getvalue(self):
        self.text += self.capsys.readouterr().out
        return self.text


@pytest.fixture
def terminal(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(io_utils, "can_redraw", lambda: True)
    monkeypatch.setattr(io_utils, "line_width", lambda: 119)
    return Terminal(capsys)


def screen(text):
    """The lines that a terminal shows after this output."""
    lines, column = [""], 0
    for char in re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n"):
        if char == "\n":
            lines.append("")
            column = 0
        elif char == "\r":
            column = 0
        else:
            line = lines[-1]
            lines[-1] = line[:column] + char + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


# What Keras 3.15.1 showed of a: 1, 2, 3, 4 at the steps 1 to 4.
@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({}, ["1.0000", "1.5000", "2.0000", "4.0000"]),
        ({"stateful_metrics": ["a"]}, ["1.0000", "2.0000", "3.0000", "4.0000"]),
        ({"stateless_metrics": ["a"]}, ["1.0000", "1.5000", "2.0000", "4.0000"]),
        ({"stateless_metrics": ["b"]}, ["1.0000", "2.0000", "3.0000", "4.0000"]),
    ],
)
def test_averages_until_the_last_update(terminal, arguments, expected):
    bar = Progbar(4, interval=0, **arguments)
    for step in range(1, 5):
        bar.update(step, [("a", float(step))])
    assert re.findall(r"a: (\S+)", terminal.getvalue()) == expected


def test_average_weighs_by_steps(terminal):
    bar = Progbar(9, interval=0)
    bar.update(2, [("a", 1.0)])
    bar.update(2, [("a", 2.0)])
    assert re.findall(r"a: (\S+)", terminal.getvalue()) == ["1.0000", "1.3333"]


def test_numbers_look_as_in_keras(capsys):
    values = dict(
        z=0.0, y=0.001, x=-0.5, w=-1e-5, s=5e-4, i=3, arr=np.array([1.0, 3.0])
    )
    Progbar(4, verbose=2).update(4, [*values.items(), ("n", float("nan"))])
    assert capsys.readouterr().out.split("step", 1)[1] == (
        " - z: 0.0000e+00 - y: 1.0000e-03 - x: -0.5000 - w: -1.0000e-05"
        " - s: 5.0000e-04 - i: 3.0000 - arr: 2.0000 - n: nan\n"
    )


def test_clock_looks_as_in_keras(terminal, clock):
    bar = Progbar(400, interval=0)
    clock.now += 90
    bar.update(2)
    assert screen(terminal.getvalue())[-1].endswith("4:58:30 45s/step")
    clock.now += 9000
    bar.update(300)
    assert screen(terminal.getvalue())[-1].endswith("50:30 30s/step")


def test_speed_leaves_out_the_first_step_and_what_follows_the_last(capsys, clock):
    bar = Progbar(4, verbose=2)
    for step, seconds in ((1, 1.0), (2, 0.1), (3, 0.1), (4, 0.1)):
        clock.now += seconds
        bar.update(step, finalize=False)
    clock.now += 1
    bar.update(4, finalize=True)
    assert capsys.readouterr().out == "4/4 - 2s - 100ms/step\n"


def test_bar_grows(terminal):
    bar = Progbar(1000, width=8, interval=0, unit_name="row")
    for step, expected in (
        (0, r"   0/1000 ──────── 0s \S+/row"),
        (500, r" 500/1000 ━━━━──── 0s \S+/row"),
        (1000, r"1000/1000 ━━━━━━━━ 0s \S+/row"),
        (1001, r"1001/1000 ━━━━━━━━ 0s \S+/row"),
    ):
        bar.update(step, finalize=False)
        assert re.fullmatch(expected, screen(terminal.getvalue())[-1])


def test_unknown_target(terminal):
    bar = Progbar(None, interval=0)
    bar.add(1, [("a", 1.0)])
    bar.add(2, [("a", 2.5)])
    line = screen(terminal.getvalue())[-1]
    assert re.fullmatch(r"      3/Unknown 0s \d+us/step - a: 2.0000", line)


def test_draws_no_oftener_than_the_interval(terminal, clock):
    bar = Progbar(100, interval=0.1)
    for step in range(1, 101):
        clock.now += 0.01
        bar.update(step)
    drawings = terminal.getvalue().count("\r")
    assert drawings == 11


def test_a_long_line_is_cut_to_the_terminal(terminal, monkeypatch):
    monkeypatch.setattr(io_utils, "line_width", lambda: 59)
    bar = Progbar(9, interval=0)
    bar.update(1, [(f"long_metric_{i}", 1.0) for i in range(9)])
    drawn = terminal.getvalue().removeprefix("\r")
    assert len(drawn) <= 59
    assert drawn.endswith("~")
    bar.update(9, [(f"long_metric_{i}", 1.0) for i in range(9)])
    assert "long_metric_8: 1.0000\n" in terminal.getvalue()


def test_a_stream_without_the_characters_gets_others(terminal, monkeypatch):
    monkeypatch.setattr(io_utils, "can_encode", lambda text: text.isascii())
    Progbar(2, width=4, interval=0).update(1)
    assert "1/2 ==.. 0s" in terminal.getvalue()


def test_bad_arguments():
    with pytest.raises(ValueError, match="verbose=7"):
        Progbar(4, verbose=7)
    with pytest.raises(TypeError, match="target='x'"):
        Progbar("x")
    with pytest.raises(ValueError, match="not both"):
        Progbar(4, stateful_metrics=["a"], stateless_metrics=["b"])


def test_a_message_takes_the_place_of_the_bar_and_the_bar_follows(terminal):
    bar = Progbar(2, interval=0)
    bar.update(1)
    io_utils.print_msg("hello")
    bar.update(2)
    lines = screen(terminal.getvalue())
    assert lines[0] == "hello"
    assert lines[1].startswith("2/2 ━━━")
    assert lines[2:] == [""]


def test_a_message_on_another_stream_is_left_alone(terminal, monkeypatch):
    Progbar(2, interval=0).update(1)
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    io_utils.print_msg("hello")
    assert other.getvalue() == "hello\n"


def test_a_notebook_is_redrawn_and_a_dumb_terminal_is_not(monkeypatch):
    notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    terminal = type("Terminal", (io.StringIO,), {"isatty": lambda self: True})
    monkeypatch.setenv("TERM", "dumb")
    for stream, expected in ((notebook, True), (terminal, False), (io.StringIO, False)):
        monkeypatch.setattr(sys, "stdout", stream())
        assert io_utils.can_redraw() is expected
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", terminal())
    assert io_utils.can_redraw()


def test_messages_go_to_the_log_if_asked(capsys, caplog):
    caplog.set_level(logging.INFO, logger="keras")
    keras.config.disable_interactive_logging()
    try:
        assert not keras.config.is_interactive_logging_enabled()
        io_utils.print_msg("hello")
        Progbar(2).update(2, [("loss", 1.0)])
    finally:
        keras.config.enable_interactive_logging()
    assert keras.config.is_interactive_logging_enabled()
    assert capsys.readouterr().out == ""
    assert caplog.messages[0] == "hello"
    assert re.fullmatch(r"2/2 - 0s \d+us/step - loss: 1.0000", caplog.messages[1])


def test_speed_tells_how_many_steps_may_run(terminal, clock):
    bar = Progbar(1000, interval=0.1)
    asked, step = [], 0
    while step < 1000:
        asked.append(bar.steps_until_due(step))
        step += asked[-1]
        # The first step compiles; the others take a millisecond each.
        clock.now += 1.0 if step == 1 else 0.001 * asked[-1]
        if bar.due(step):
            bar.update(step)
    # Doubling at first, then a tenth of a second at a time.
    assert asked[:6] == [1, 1, 2, 4, 8, 16]
    assert 95 <= max(asked) <= 101
    assert len(asked) < 20
    assert step == 1000
    assert 8 <= terminal.getvalue().count("\r") <= 14


def test_a_bar_that_draws_only_at_the_end_lets_all_steps_run(capsys):
    bar = Progbar(50, verbose=2)
    assert bar.steps_until_due(0) == 50
    assert bar.steps_until_due(49) == 1
    assert [bar.due(step) for step in (1, 49, 50)] == [False, False, True]
    assert not Progbar(50, verbose=0).due(50)
    assert Progbar(None, verbose=2).steps_until_due(3) > 1e9


def test_steps_queued_on_a_device_do_not_run_ahead_of_the_bar(terminal, clock):
    """Dispatching is instant; only reading values takes the seconds it took."""
    bar = Progbar(1000, interval=0.1)
    done = 0
    for step in range(1, 101):
        if bar.due(step):
            clock.now += 0.05 * (step - done)
            done = step
            bar.update(step)
        assert step - done < 3


class Lazy(UserDict):
    """Logs on a device: counts how often they are read."""

    reads = 0

    def __getitem__(self, key):
        Lazy.reads += 1
        return self.data[key]


def fit(model, verbose=1, steps=3, epochs=2, callbacks=(), known=True):
    callbacks = CallbackList(
        [*callbacks],
        add_progbar=True,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps if known else None,
    )
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(steps):
            if callbacks.batch_end_due(batch):
                callbacks.on_train_batch_end(batch, {"loss": 1.0 + batch})
        callbacks.on_test_begin()
        assert not callbacks.batch_end_due(0, "test")
        callbacks.on_test_batch_end(0, {"loss": 9.0})
        callbacks.on_test_end({"loss": 9.0})
        callbacks.on_epoch_end(epoch, {"loss": 2.0, "val_loss": 3.0})
    callbacks.on_train_end()


class Model:
    stop_training = False
    metrics = ()


LINE = r"Epoch {}/2 - 3/3 - 0s{}\d+us/step - loss: 2.0000 - val_loss: 3.0000"


@pytest.mark.parametrize("verbose, gap", [(1, " "), ("auto", " "), (2, " - ")])
@pytest.mark.parametrize("known", [True, False])
def test_a_file_gets_one_line_per_epoch(capsys, verbose, gap, known):
    fit(Model(), verbose, known=known)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(LINE.format(number, gap), line)


def test_verbose_2_is_a_line_on_a_terminal_too(terminal):
    fit(Model(), 2)
    assert "\r" not in terminal.getvalue()
    assert terminal.getvalue().count("\n") == 2


def test_silence(capsys):
    fit(Model(), 0)
    assert capsys.readouterr().out == ""


def test_the_last_epoch_of_unknown_length_teaches_the_next(terminal):
    fit(Model(), known=False)
    text = terminal.getvalue()
    assert "1/Unknown" in text.split("Epoch 2/2")[0]
    assert "Unknown" not in text.split("Epoch 2/2")[1]


def test_logs_are_seldom_read_for_the_bar(terminal, clock):
    # Another callback wants every batch; the bar must not read because of it.
    each = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    callbacks = CallbackList(
        [each], add_progbar=True, model=Model(), steps=999, verbose=1
    )
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    Lazy.reads = 0
    for batch in range(900):
        clock.now += 0.001
        assert callbacks.batch_end_due(batch)
        callbacks.on_train_batch_end(batch, Lazy(loss=1.0))
    assert 9 <= Lazy.reads <= 20
    assert "loss: 1.0000" in terminal.getvalue()


def test_evaluate_and_predict_have_bars(capsys):
    callbacks = CallbackList([], add_progbar=True, model=Model(), verbose=2, steps=2)
    callbacks.on_test_begin()
    for batch in range(2):
        if callbacks.batch_end_due(batch, "test"):
            callbacks.on_test_batch_end(batch, {"loss": 1.0})
    callbacks.on_test_end({"loss": 2.0})
    callbacks.on_predict_begin()
    for batch in range(2):
        if callbacks.batch_end_due(batch, "predict"):
            callbacks.on_predict_batch_end(batch, {"outputs": np.ones(3)})
    callbacks.on_predict_end()
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"2/2 - 0s - \d+us/step - loss: 2.0000", lines[0])
    assert re.fullmatch(r"2/2 - 0s - \d+us/step", lines[1])
    assert len(lines) == 2


def test_what_a_real_terminal_shows():
    """A run in a pseudo terminal, and its screen afterwards."""
    code = (
        "import test_progress as t\n"
        "from keras.callbacks import EarlyStopping\n"
        "stop = EarlyStopping(verbose=1, mode='min')\n"
        "t.fit(t.Model(), callbacks=[stop])"
    )
    main, child = pty.openpty()
    environment = dict(os.environ, TERM="xterm", COLUMNS="100", PYTHONUTF8="1")
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=child,
        stderr=child,
        cwd=os.path.dirname(__file__),
        env=environment,
    )
    os.close(child)
    output = b""
    try:
        while chunk := os.read(main, 4096):
            output += chunk
    except OSError:  # how Linux says that the terminal was closed
        pass
    os.close(main)
    assert process.wait() == 0, output.decode()
    text = output.decode()
    assert "\x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m" in text
    bar = r"3/3 ━{20} 0s \d+us/step - loss: 2.0000 - val_loss: 3.0000"
    patterns = [
        "Epoch 1/2",
        "Epoch 1: val_loss improved from inf to 3.00000",
        bar,
        "Epoch 2/2",
        bar,
        "Epoch 2: early stopping",
        "",
    ]
    lines = screen(text)
    assert len(lines) == len(patterns), lines
    for pattern, line in zip(patterns, lines):
        assert re.fullmatch(pattern, line)
