' nbody: floats in arrays, one for each field, as this language has no records. Five bodies that attract each other,
' step by step.

DIM SHARED x(5) AS DOUBLE
DIM SHARED y(5) AS DOUBLE
DIM SHARED z(5) AS DOUBLE
DIM SHARED vx(5) AS DOUBLE
DIM SHARED vy(5) AS DOUBLE
DIM SHARED vz(5) AS DOUBLE
DIM SHARED mass(5) AS DOUBLE

SUB body(i%, px#, py#, pz#, pvx#, pvy#, pvz#, pmass#)
    x(i) = px
    y(i) = py
    z(i) = pz
    vx(i) = pvx
    vy(i) = pvy
    vz(i) = pvz
    mass(i) = pmass
END SUB

SUB advance(dt#)
    FOR i = 0 TO 4
        FOR j = i + 1 TO 4
            dx = x(i) - x(j)
            dy = y(i) - y(j)
            dz = z(i) - z(j)
            square = dx * dx + dy * dy + dz * dz
            pull = dt / (square * SQR(square))
            pull_i = mass(j) * pull
            pull_j = mass(i) * pull
            vx(i) = vx(i) - dx * pull_i
            vy(i) = vy(i) - dy * pull_i
            vz(i) = vz(i) - dz * pull_i
            vx(j) = vx(j) + dx * pull_j
            vy(j) = vy(j) + dy * pull_j
            vz(j) = vz(j) + dz * pull_j
        NEXT
    NEXT

    FOR i = 0 TO 4
        x(i) = x(i) + dt * vx(i)
        y(i) = y(i) + dt * vy(i)
        z(i) = z(i) + dt * vz(i)
    NEXT
END SUB

FUNCTION energy#
    sum = 0.0
    FOR i = 0 TO 4
        sum = sum + 0.5 * mass(i) * (vx(i) * vx(i) + vy(i) * vy(i) + vz(i) * vz(i))
        FOR j = i + 1 TO 4
            dx = x(i) - x(j)
            dy = y(i) - y(j)
            dz = z(i) - z(j)
            sum = sum - mass(i) * mass(j) / SQR(dx * dx + dy * dy + dz * dz)
        NEXT
    NEXT
    energy = sum
END FUNCTION

body 0, 0, 0, 0, 0, 0, 0, 40
body 1, 5, 1, 0.1, 0.6, 2.8, -0.02, 0.04
body 2, 8, 4, -0.4, -1, 1.8, 0.008, 0.01
body 3, 13, -15, -0.2, 1.1, 0.9, -0.01, 0.002
body 4, 15, -26, 0.2, 1, 0.6, -0.03, 0.002

FOR turn = 1 TO 350000
    advance 0.01
NEXT

PRINT CINT(energy * 1000000)
