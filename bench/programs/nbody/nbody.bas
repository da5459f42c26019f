' nbody: floats in fields of records in an array. Five bodies that attract each other, step by step.

bodies = [body(0, 0, 0, 0, 0, 0, 40),
          body(5, 1, 0.1, 0.6, 2.8, -0.02, 0.04),
          body(8, 4, -0.4, -1, 1.8, 0.008, 0.01),
          body(13, -15, -0.2, 1.1, 0.9, -0.01, 0.002),
          body(15, -26, 0.2, 1, 0.6, -0.03, 0.002)]

FOR turn = 1 TO 350000
    bodies = advance(bodies, 0.01)
NEXT turn

PRINT ROUND(energy(bodies) * 1000000)

FUNCTION body(x, y, z, vx, vy, vz, mass)
    RETURN {x: x, y: y, z: z, vx: vx, vy: vy, vz: vz, mass: mass}
END FUNCTION

FUNCTION advance(bodies, dt)
    LET last = UBOUND(bodies) - 1

    FOR i = 0 TO last
        FOR j = i + 1 TO last
            LET dx = bodies[i].x - bodies[j].x
            LET dy = bodies[i].y - bodies[j].y
            LET dz = bodies[i].z - bodies[j].z
            LET square = dx * dx + dy * dy + dz * dz
            LET pull = dt / (square * SQRT(square))
            LET pull_i = bodies[j].mass * pull
            LET pull_j = bodies[i].mass * pull
            bodies[i].vx -= dx * pull_i
            bodies[i].vy -= dy * pull_i
            bodies[i].vz -= dz * pull_i
            bodies[j].vx += dx * pull_j
            bodies[j].vy += dy * pull_j
            bodies[j].vz += dz * pull_j
        NEXT j
    NEXT i

    FOR i = 0 TO last
        bodies[i].x += dt * bodies[i].vx
        bodies[i].y += dt * bodies[i].vy
        bodies[i].z += dt * bodies[i].vz
    NEXT i
    RETURN bodies
END FUNCTION

FUNCTION energy(bodies)
    LET sum = 0.0
    LET last = UBOUND(bodies) - 1
    FOR i = 0 TO last
        a = bodies[i]
        sum = sum + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
        FOR j = i + 1 TO last
            b = bodies[j]
            LET dx = a.x - b.x
            LET dy = a.y - b.y
            LET dz = a.z - b.z
            sum = sum - a.mass * b.mass / SQRT(dx * dx + dy * dy + dz * dz)
        NEXT j
    NEXT i
    RETURN sum
END FUNCTION
