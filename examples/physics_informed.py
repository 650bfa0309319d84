"""A physics-informed network solves Burgers' equation (Raissi et al., 2019).

    u_t + u u_x = nu u_xx,   u(0, x) = -sin(pi x),   u(t, -1) = u(t, 1) = 0

A network of (t, x) is trained to satisfy the equation at random points; there is no
data. The derivatives in the equation, the second one too, are taken by
`keras.ops.grad` inside the loss, which is differentiated once more with respect to the
weights. The Cole-Hopf transformation gives the exact solution to compare with.
"""

import argparse

import numpy as np

import keras
from keras import layers, ops

NU = 0.05


class Solution(keras.Model):
    """u(t, x), written so that it meets the first and the outer values by itself."""

    def __init__(self) -> None:
        super().__init__()
        hidden = [layers.Dense(32, activation="tanh") for _ in range(4)]
        self.network = keras.Sequential([*hidden, layers.Dense(1)])

    def call(self, points):
        """Values `(count,)` at points `(count, 2)`."""
        t, x = points[:, 0], points[:, 1]
        free = self.network(points)[:, 0]
        return t * (1 - x**2) * free - ops.sin(np.pi * x)

    def residual(self, points):
        """By how much the equation is missed at each point."""

        def slopes(points):
            return ops.grad(lambda p: ops.sum(self(p)))(points)  # u_t and u_x

        u, first = self(points), slopes(points)
        second = ops.grad(lambda p: ops.sum(slopes(p)[:, 1]))(points)[:, 1]  # u_xx
        return first[:, 0] + u * first[:, 1] - NU * second

    def train_step(self, data):
        """Make the mean square of the residual smaller."""
        points = data
        weights = self.trainable_variables

        def loss():
            return ops.mean(self.residual(points) ** 2)

        value, grads = ops.value_and_grad(loss, weights)()
        self.optimizer.apply(grads, weights)
        return {"residual": value}


def exact(t: np.ndarray, x: np.ndarray, order: int = 80) -> np.ndarray:
    """The solution, a quotient of two Gauss-Hermite sums (Basdevant et al., 1986)."""
    nodes, weights = np.polynomial.hermite.hermgauss(order)
    y = np.pi * (x[..., None] - np.sqrt(4 * NU * t[..., None]) * nodes)
    weights = weights * np.exp(-np.cos(y) / (2 * np.pi * NU))
    return -(weights * np.sin(y)).sum(-1) / weights.sum(-1)


def main() -> float:
    """Train and compare with the exact solution on a grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    points = rng.uniform((0, -1), (1, 1), (256 * 32, 2)).astype("float32")
    model = Solution()
    rate = keras.optimizers.schedules.CosineDecay(5e-3, 32 * options.epochs)
    model.compile(keras.optimizers.Adam(rate))
    model.fit(points, batch_size=256, epochs=options.epochs, verbose=2)
    t, x = np.meshgrid(np.linspace(0, 1, 51), np.linspace(-1, 1, 101), indexing="ij")
    grid = np.stack([t.ravel(), x.ravel()], -1).astype("float32")
    found = model.predict(grid, batch_size=len(grid), verbose=0).reshape(t.shape)
    true = exact(t, x)
    error = float(np.linalg.norm(found - true) / np.linalg.norm(true))
    for row in (0, 25, 50):
        line = " ".join(f"{v:6.3f}" for v in found[row, 5:50:10])
        right = " ".join(f"{v:6.3f}" for v in true[row, 5:50:10])
        print(f"t = {t[row, 0]:.1f}: network {line}   exact {right}")
    print(f"relative error over the whole domain: {error:.2e}")
    return error


if __name__ == "__main__":
    main()
