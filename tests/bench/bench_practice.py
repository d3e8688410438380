"""Whether the comparison of practices says the truth where it is known, and how fast it is.

Run as `python tests/bench/bench_practice.py`. Made-up deals of 60 reps in three segments: large customers and poor
reps win less and are treated otherwise, so that a comparison that ignores them misleads. Half of the 20 practices
truly matter. Told are how often the 95 % interval holds the truth, and which part of what is claimed is false. Then
deals on which a practice without effect goes on being done as long as they live; then the time for 100,000 deals.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _report import save, spread, table

from metrics._bh import adjusted
from metrics._effect import Effect, Truth, Whole, bands, compare, strata

PRACTICES, NULL, REPS = 20, 10, 60
LEAST, Q = 0.01, 0.05
FLOOR_MS = 200.0


class World:
    """So many made-up deals; `truth` is the difference that each practice makes."""

    def __init__(self, seed: int, size: int) -> None:
        dice = np.random.default_rng(seed)
        self.rep: Whole = dice.integers(0, REPS, size)
        self.segment: Whole = dice.integers(0, 3, size)
        self.amount = np.exp(dice.normal(9 + self.segment, 0.8))
        skill = dice.normal(0, 0.06, REPS)[self.rep]
        large = (np.log(self.amount) - 10) / 10
        habit = dice.normal(0, 1.0, (PRACTICES, REPS))[:, self.rep] * 0.6 + skill * 12
        lean = np.array([-0.8, 0.0, 0.8])[self.segment] + 3 * large
        self.done: Truth = dice.random((PRACTICES, size)) < 1 / (1 + np.exp(-(habit + lean)))
        self.truth = np.zeros(PRACTICES)
        self.truth[NULL:] = dice.choice((0.03, 0.04, 0.05, -0.03), PRACTICES - NULL)
        chance = 0.42 - 0.1 * self.segment - 0.5 * large + skill + self.truth @ (self.done - 0.5)
        self.won: Truth = dice.random(size) < np.clip(chance, 0.02, 0.98)

    def effects(self) -> Sequence[Effect]:
        """Every practice within strata."""
        groups = strata(self.segment, bands(self.amount), self.rep)
        return [compare(groups, self.rep, done, self.won) for done in self.done]

    def naive(self) -> Sequence[Effect]:
        """The same without any strata, as it would be looked at without a method."""
        return [compare(np.zeros_like(self.rep), self.rep, done, self.won) for done in self.done]


def claimed(effects: Sequence[Effect]) -> Truth:
    """Which are called an effect: beyond one point, and few of them by chance."""
    q = np.array(adjusted([effect.p for effect in effects]))
    return (q <= Q) & (np.abs([effect.value or 0.0 for effect in effects]) > LEAST)


def tally(size: int, rounds: int, *, naive: bool) -> dict[str, Any]:
    """Coverage, false discoveries among the claims, and the share of true effects that were found."""
    held, false, found, real = 0, [], 0, 0
    for seed in range(rounds):
        world = World(seed, size)
        effects = world.naive() if naive else world.effects()
        held += sum(e.low <= t <= e.high for e, t in zip(effects, world.truth, strict=True))
        said = claimed(effects)
        # A claim with the wrong sign is false as well.
        wrong = np.sign([e.value or 0.0 for e in effects]) != np.sign(world.truth)
        false.append((said & wrong).sum() / max(1, said.sum()))
        found, real = found + int((said & ~wrong).sum()), real + int((world.truth != 0).sum())
    return {"deals": size, "how": "plain shares" if naive else "within strata", "rounds": rounds,
            "coverage": 100 * held / (rounds * PRACTICES), "false": float(np.mean(false)), "found": 100 * found / real}


def immortal(seed: int, size: int) -> tuple[Effect, Effect]:
    """A practice that does nothing, done at a steady rate while a deal is open; won deals live longer. What "ever
    done" says, and what it says where it is counted up to a landmark on deals still open then."""
    dice = np.random.default_rng(seed)
    rep: Whole = dice.integers(0, REPS, size)
    won: Truth = dice.random(size) < 0.3
    life = dice.exponential(np.where(won, 60, 35))
    first = dice.exponential(60.0, size)
    at, within = 15.0, 120.0
    still = life > at
    ever = compare(rep, rep, first < life, won)
    return ever, compare(rep[still], rep[still], (first < at)[still], (won & (life <= at + within))[still])


def fastest(size: int, rounds: int) -> list[float]:
    """Milliseconds from arrays to effects and their adjusted p, round by round."""
    world, took = World(1, size), []
    for _ in range(rounds):
        began = time.perf_counter()
        claimed(world.effects())
        took.append(1000 * (time.perf_counter() - began))
    return took


def main(rounds: int, file: Path | None) -> int:
    """Measure, print, save; 1 when a floor is broken."""
    rows = [tally(size, max(20, rounds * 5_000 // size), naive=naive)
            for size in (5_000, 20_000, 100_000) for naive in (True, False)]
    table(rows, {"deals": "deals", "how": "compared", "rounds": "rounds", "coverage": "coverage %",
                 "false": "false discoveries", "found": "true ones found %"})
    pairs = [immortal(seed, 5_000) for seed in range(rounds)]
    ever = 100 * float(np.mean([e.value for e, _ in pairs]))
    landmark = 100 * float(np.mean([e.value for _, e in pairs]))
    wrong = sum(bool(claimed([e])[0]) for _, e in pairs)
    print(f"\nno effect, done while the deal lives: {ever:+.1f} points where ever done, {landmark:+.1f} at the landmark"
          f" ({wrong} of {rounds} at p under .05)")
    took = spread(fastest(100_000, 15))
    print(f"100,000 deals x {PRACTICES} practices: {took['min']} ms at best, median {took['p50']} "
          f"(floor {FLOOR_MS:.0f})")
    save("practice", {"rows": rows, "ever": ever, "landmark": landmark, "landmark_claims": wrong, "ms": took}, file)
    kept = [row for row in rows if row["how"] == "within strata"]
    broken = [row for row in kept if not 93 <= row["coverage"] <= 97 or row["false"] > 0.05]
    return int(bool(broken) or took["min"] > FLOOR_MS or wrong > 0.05 * rounds + 3)


if __name__ == "__main__":
    wish = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wish.add_argument("--rounds", type=int, default=60, help="worlds of 5,000 deals; fewer of the larger ones")
    wish.add_argument("--out", type=Path, help="where the figures go")
    told = wish.parse_args()
    sys.exit(main(told.rounds, told.out))
