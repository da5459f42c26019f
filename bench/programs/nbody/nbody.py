# nbody: floats in fields of records in an array. Five bodies that attract each other, step by step.

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Body:
    x: float
    y: float
    z: float
    vx: float
    vy: float
    vz: float
    mass: float


def advance(bodies, dt):
    for i, a in enumerate(bodies):
        for j in range(i + 1, len(bodies)):
            b = bodies[j]
            dx = a.x - b.x
            dy = a.y - b.y
            dz = a.z - b.z
            square = dx * dx + dy * dy + dz * dz
            pull = dt / (square * math.sqrt(square))
            pull_a = b.mass * pull
            pull_b = a.mass * pull
            a.vx -= dx * pull_a
            a.vy -= dy * pull_a
            a.vz -= dz * pull_a
            b.vx += dx * pull_b
            b.vy += dy * pull_b
            b.vz += dz * pull_b

    for a in bodies:
        a.x += dt * a.vx
        a.y += dt * a.vy
        a.z += dt * a.vz


def energy(bodies):
    total = 0.0
    for i, a in enumerate(bodies):
        total += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
        for j in range(i + 1, len(bodies)):
            b = bodies[j]
            dx = a.x - b.x
            dy = a.y - b.y
            dz = a.z - b.z
            total -= a.mass * b.mass / math.sqrt(dx * dx + dy * dy + dz * dz)
    return total


def main():
    bodies = [
        Body(0, 0, 0, 0, 0, 0, 40),
        Body(5, 1, 0.1, 0.6, 2.8, -0.02, 0.04),
        Body(8, 4, -0.4, -1, 1.8, 0.008, 0.01),
        Body(13, -15, -0.2, 1.1, 0.9, -0.01, 0.002),
        Body(15, -26, 0.2, 1, 0.6, -0.03, 0.002),
    ]

    for _ in range(350000):
        advance(bodies, 0.01)

    print(round(energy(bodies) * 1000000))


main()
