"""Reinforcement learning outside `fit`: a pole is balanced on a cart (PPO).

The cart-pole of Barto, Sutton and Anderson (1983) is written here in NumPy, many at a
time. An actor says how likely a push to the right is, a critic how long the pole will
stand; both learn by proximal policy optimization (Schulman et al., 2017) in a loop of
our own: `keras.jit` compiles the two functions that it calls.
"""

import argparse

import numpy as np

import keras
from keras import layers, ops


class CartPoles:
    """Many carts; one that fell, or stood for 500 steps, starts again."""

    def __init__(self, count: int, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.state = self.start(count)
        self.age = np.zeros(count)
        self.lengths: list[float] = []  # of episodes that ended

    def start(self, count: int) -> np.ndarray:
        """Nearly upright and at rest: position, speed, angle, speed of the angle."""
        return self.rng.uniform(-0.05, 0.05, (count, 4)).astype("float32")

    def step(self, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Push for 0.02 s: which poles fell, and which episodes were cut at 500."""
        x, v, angle, spin = self.state.T
        sine, cosine = np.sin(angle), np.cos(angle)
        push = (np.where(right, 10.0, -10.0) + 0.05 * spin**2 * sine) / 1.1
        turn = 9.8 * sine - cosine * push
        turn = turn / (0.5 * (4 / 3 - 0.1 * cosine**2 / 1.1))
        change = np.stack([v, push - 0.05 * turn * cosine / 1.1, spin, turn], -1)
        self.state = (self.state + 0.02 * change).astype("float32")
        self.age += 1
        fell = (abs(self.state[:, 0]) > 2.4) | (abs(self.state[:, 2]) > np.pi / 15)
        cut = ~fell & (self.age >= 500)
        self.lengths += list(self.age[fell | cut])
        return fell, cut

    def restart(self, over: np.ndarray) -> None:
        """New episodes where they are over."""
        self.state[over] = self.start(over.sum())
        self.age[over] = 0


def network(outputs: int) -> keras.Sequential:
    """Two hidden layers."""
    hidden = [layers.Dense(64, activation="tanh") for _ in range(2)]
    return keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(outputs)])


class Agent:
    """An actor and a critic, and how they act and learn."""

    def __init__(self) -> None:
        self.actor, self.critic = network(2), network(1)
        self.weights = self.actor.trainable_variables + self.critic.trainable_variables
        self.optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=0.5)
        self.seeds = keras.random.SeedGenerator()
        self.act, self.learn = keras.jit(self._act), keras.jit(self._learn)

    def _act(self, state):
        """An action drawn for each state, its log-probability, and the value."""
        logs = ops.log_softmax(self.actor(state))
        action = keras.random.categorical(logs, 1, seed=self.seeds)
        log = ops.take_along_axis(logs, action, axis=-1)
        return action[:, 0], log[:, 0], self.critic(state)[:, 0]

    def _learn(self, state, action, old_log, advantage, target):
        """One step of the clipped objective, the critic's error, and some entropy."""

        def loss():
            logs = ops.log_softmax(self.actor(state))
            log = ops.take_along_axis(logs, action[:, None], axis=-1)[:, 0]
            ratio = ops.exp(log - old_log)
            gain = ops.minimum(ratio * advantage, ops.clip(ratio, 0.8, 1.2) * advantage)
            error = ops.mean((self.critic(state)[:, 0] - target) ** 2)
            entropy = -ops.mean(ops.sum(ops.exp(logs) * logs, axis=-1))
            return 0.5 * error - ops.mean(gain) - 0.01 * entropy

        value, grads = ops.value_and_grad(loss, self.weights)()
        self.optimizer.apply(grads, self.weights)
        return value


def collect(agent: Agent, carts: CartPoles, steps: int) -> list[np.ndarray]:
    """Play: states, actions, their log-probabilities, advantages, values to learn."""
    rows = []
    for _ in range(steps):
        state = carts.state.copy()
        action, log, value = map(ops.convert_to_numpy, agent.act(state))
        fell, cut = carts.step(action == 1)
        after = ops.convert_to_numpy(agent.act(carts.state)[2]) if cut.any() else 0
        reward = 0.01 + 0.99 * cut * after  # what is cut would have gone on
        carts.restart(fell | cut)
        rows.append((state, action, log, value, reward, fell | cut))
    state, action, log, value, reward, over = map(np.stack, zip(*rows))
    following = ops.convert_to_numpy(agent.act(carts.state)[2])
    advantage, later = np.zeros_like(value), 0.0
    for t in reversed(range(steps)):  # generalized advantage estimation
        surprise = reward[t] + 0.99 * following * ~over[t] - value[t]
        later = advantage[t] = surprise + 0.99 * 0.95 * later * ~over[t]
        following = value[t]
    target = advantage + value
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    return [
        a.reshape(-1, *a.shape[2:]) for a in (state, action, log, advantage, target)
    ]


def standing(agent: Agent, count: int = 100) -> float:
    """For how many steps the pole stands if the likelier push is taken, on average."""
    carts, upright, steps = CartPoles(count, seed=2), np.ones(count, bool), 0
    for _ in range(500):
        logits = ops.convert_to_numpy(agent.actor(carts.state))
        upright &= ~carts.step(logits.argmax(-1) == 1)[0]
        steps += upright.sum()
    return steps / count


def main() -> tuple[float, float]:
    """Train and print how long the poles stand; 500 steps is the most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    agent, carts = Agent(), CartPoles(16)
    first = 0.0
    for index in range(options.rounds):
        data = collect(agent, carts, steps=128)
        for _ in range(4):
            for rows in rng.permutation(len(data[0])).reshape(-1, 256):
                agent.learn(*(column[rows] for column in data))
        first = first or float(np.mean(carts.lengths))
        if index % 10 == 9:
            print(f"round {index + 1:3}: {np.mean(carts.lengths or 500.0):5.1f} steps")
        carts.lengths.clear()
    last = standing(agent)
    print(f"the pole stands for {first:.1f} steps at first, {last:.1f} in the end")
    return first, last


if __name__ == "__main__":
    main()
