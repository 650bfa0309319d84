"""The workloads in PyTorch, as a good engineer writes them: modules, eager, Adam."""

import os

import torch
import torch.nn.functional as F
from data import VOCABULARY
from torch import nn


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 64)
        self.lstm = nn.LSTM(64, 64, batch_first=True)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.lstm(self.embedding(x))[0][:, -1])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(64), nn.LayerNorm(64)])
        self.qkv, self.out = nn.Linear(64, 192), nn.Linear(64, 64)
        self.up, self.down = nn.Linear(64, 128), nn.Linear(128, 64)

    def forward(self, h):
        q, k, v = self.qkv(self.norms[0](h)).view(*h.shape[:2], 3, 4, 16).unbind(2)
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        h = h + self.out(a)
        return h + self.down(F.relu(self.up(self.norms[1](h))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 64)
        self.blocks = nn.Sequential(Block(), Block(), nn.LayerNorm(64))
        self.out = nn.Linear(64, 2)

    def forward(self, x):
        return self.out(self.blocks(self.embedding(x)).mean(1))


class Residual(nn.Module):
    def __init__(self, inputs, filters, strides):
        super().__init__()
        self.first = _conv(inputs, filters, 3, strides)
        self.second = _conv(filters, filters)
        self.short = nn.Identity()
        if strides > 1:
            self.short = _conv(inputs, filters, 1, strides)

    def forward(self, h):
        return F.relu(self.second(F.relu(self.first(h))) + self.short(h))


def _conv(inputs, filters, size=3, strides=1):
    conv = nn.Conv2d(inputs, filters, size, strides, size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters))


def _resnet():
    blocks = [_conv(3, 16), nn.ReLU()]
    before = 16
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            blocks.append(Residual(before, filters, strides))
            before = filters
    return nn.Sequential(
        *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
    )


MODELS = {
    "mlp_small": lambda: nn.Sequential(
        nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1)
    ),
    "mlp": lambda: nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 10),
    ),
    "cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 10),
    ),
    "lstm": Lstm,
    "transformer": Transformer,
    "resnet": _resnet,
}  # fmt: skip


class Contender:
    """What `worker.py` times."""

    def __init__(self, name):
        self.binary = name in ("mlp_small", "lstm")
        self.images = name in ("cnn", "resnet")
        self.model = MODELS[name]()
        self.forward = self.model
        if os.environ.get("TORCH_COMPILE"):
            self.forward = torch.compile(self.model)
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def _tensor(self, x):
        x = torch.from_numpy(x)
        return x.permute(0, 3, 1, 2) if self.images else x

    def _loss(self, out, y):
        if self.binary:
            loss = F.binary_cross_entropy_with_logits(out, y)
            return loss, ((out > 0) == (y > 0.5)).sum()
        return F.cross_entropy(out, y.long()), (out.argmax(1) == y).sum()

    def epoch(self, x, y, batch):
        x, y = self._tensor(x), torch.from_numpy(y)
        self.model.train()
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        order = torch.randperm(len(x))
        for start in range(0, len(x), batch):
            index = order[start : start + batch]
            loss, hits = self._loss(self.forward(x[index]), y[index])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(index)
            right += hits
        return float(total) / len(x)

    @torch.no_grad()
    def evaluate(self, x, y, batch):
        x, y = self._tensor(x), torch.from_numpy(y)
        self.model.eval()
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for start in range(0, len(x), batch):
            part = slice(start, start + batch)
            loss, hits = self._loss(self.forward(x[part]), y[part])
            total += loss * len(x[part])
            right += hits
        return float(total) / len(x)

    @torch.no_grad()
    def predict(self, x, batch):
        x = self._tensor(x)
        self.model.eval()
        outs = [self._output(x[i : i + batch]) for i in range(0, len(x), batch)]
        return torch.cat(outs).numpy()

    def _output(self, x):
        out = self.forward(x)
        return torch.sigmoid(out) if self.binary else out

    @torch.no_grad()
    def predict_one(self, x):
        self.model.eval()
        return self._output(self._tensor(x)).numpy()

    call_one = predict_one
