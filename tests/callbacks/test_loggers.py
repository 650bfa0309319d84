"""History, CSVLogger, RemoteMonitor: where the metrics go."""

import http.server
import json
import subprocess
import sys
import threading
import urllib.parse

import numpy as np
import pytest

from keras.callbacks import CSVLogger, History, RemoteMonitor

ROWS = [{"loss": 1.5, "acc": 0.5}, {"loss": 1.25, "acc": 0.75}]


def test_history_records_values_and_epochs(train):
    history = History()
    train([history], [{"loss": 1.0}, {"loss": 2.0, "val_loss": 3.0}])
    assert history.history == {"loss": [1.0, 2.0], "val_loss": [3.0]}
    assert history.epoch == [0, 1]


@pytest.fixture
def history(train):
    """Validation in every third epoch only."""
    history = History()
    rows = [{"loss": 1 / (e + 1), "auc": 0.5} for e in range(9)]
    for epoch in (2, 5, 8):
        rows[epoch]["val_loss"] = 1.1 / (epoch + 1)
    train([history], rows)
    return history


def test_plot_draws_both_curves_at_their_epochs(history, tmp_path):
    path = tmp_path / "curves.png"
    figure = history.plot(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    loss, auc = figure.axes
    assert (loss.get_title(), auc.get_title()) == ("loss", "auc")
    training, validation = loss.get_lines()
    assert list(training.get_xdata()) == list(range(1, 10))
    assert list(validation.get_xdata()) == [3, 6, 9]
    np.testing.assert_allclose(validation.get_ydata(), [1.1 / 3, 1.1 / 6, 1.1 / 9])
    assert [t.get_text() for t in loss.get_legend().get_texts()] == [
        "training",
        "validation",
    ]
    assert len(auc.get_lines()) == 1


def test_plot_draws_the_metrics_asked_for(history):
    assert [a.get_title() for a in history.plot(metrics=["auc"]).axes] == ["auc"]
    assert [a.get_title() for a in history.plot(metrics="loss").axes] == ["loss"]


def test_plot_says_what_cannot_be_drawn(history):
    with pytest.raises(ValueError, match=r"metrics=\['f1'\].*\['loss', 'auc'\]"):
        history.plot(metrics=["f1"])
    with pytest.raises(ValueError, match="nothing to plot"):
        History().plot()


def test_plot_names_the_extra_to_install(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "keras\[plot\]"'):
        history.plot()


def test_matplotlib_is_not_imported_before_it_is_used():
    code = "import keras.callbacks, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_csv_is_what_keras_writes(train, tmp_path):
    path = tmp_path / "a.csv"
    train([CSVLogger(path)], ROWS)
    assert path.read_bytes() == (
        b"epoch,acc,loss,val_acc,val_loss\r\n0,0.5,1.5,NA,NA\r\n1,0.75,1.25,NA,NA\r\n"
    )


def test_csv_replaces_or_appends(train, tmp_path):
    path = tmp_path / "a.csv"
    for append, count in ((True, 2), (True, 4), (False, 2)):
        train([CSVLogger(path, append=append)], ROWS)
        rows = path.read_text().splitlines()
        assert rows[0] == "epoch,acc,loss,val_acc,val_loss"
        assert len(rows) == 1 + count


def test_csv_takes_another_separator(train, tmp_path):
    path = tmp_path / "a.csv"
    train([CSVLogger(path, separator=";")], ROWS[:1])
    assert path.read_text().splitlines()[1] == "0;0.5;1.5;NA;NA"
    with pytest.raises(ValueError, match="separator ','.*expected 'epoch'"):
        train([CSVLogger(path, append=True)], ROWS)


def test_csv_gains_columns_for_new_metrics(train, tmp_path):
    path = tmp_path / "a.csv"
    train([CSVLogger(path)], [{"loss": 1.0}, {"val_loss": 2.0}, {"loss": 3.0, "f1": 4}])
    train([CSVLogger(path, append=True)], [{"auc": 5.0}])
    assert path.read_text().splitlines() == [
        "epoch,loss,val_loss,f1,auc",
        "0,1.0,NA,NA,NA",
        "1,NA,2.0,NA,NA",
        "2,3.0,NA,4.0,NA",
        "0,NA,NA,NA,5.0",
    ]


def test_csv_writes_each_epoch_at_once(train, tmp_path):
    train([CSVLogger(tmp_path / "a.csv")], ROWS, end=False)
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3


def test_csv_in_a_folder_that_does_not_exist(train, tmp_path):
    with pytest.raises(FileNotFoundError):
        train([CSVLogger(tmp_path / "no" / "a.csv")], ROWS)


@pytest.fixture
def server():
    posts = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            posts.append((self.path, self.headers["X-Key"], body))
            self.send_response(404 if self.path == "/no/" else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("localhost", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}", posts
        server.shutdown()


def test_remote_sends_a_form_or_json(train, server):
    root, posts = server
    row = {"loss": np.array([1.5, 2.5])}
    train([RemoteMonitor(root)], [row])
    train([RemoteMonitor(root, "/x", headers={"X-Key": "k"}, send_as_json=True)], [row])
    (path1, _, form), (path2, key, body) = posts
    expected = {"epoch": 0, "loss": [1.5, 2.5]}
    assert (path1, path2, key) == ("/publish/epoch/end/", "/x", "k")
    assert json.loads(urllib.parse.parse_qs(form)["data"][0]) == expected
    assert json.loads(body) == expected


def test_remote_that_refuses_or_is_absent_warns(train, server):
    root, _ = server
    for monitor in (RemoteMonitor(root, "/no/"), RemoteMonitor("http://localhost:1")):
        with pytest.warns(UserWarning, match="Could not reach RemoteMonitor"):
            train([monitor], [{"loss": 1.0}])


def test_remote_takes_web_addresses_only():
    with pytest.raises(ValueError, match="http"):
        RemoteMonitor("file:///etc")
