// nbody: floats in fields of records in an array. Five bodies that attract each other, step by step.

function body(x, y, z, vx, vy, vz, mass) {
    return { x, y, z, vx, vy, vz, mass };
}

function advance(bodies, dt) {
    for (let i = 0; i < bodies.length; i++) {
        const a = bodies[i];
        for (let j = i + 1; j < bodies.length; j++) {
            const b = bodies[j];
            const dx = a.x - b.x;
            const dy = a.y - b.y;
            const dz = a.z - b.z;
            const square = dx * dx + dy * dy + dz * dz;
            const pull = dt / (square * Math.sqrt(square));
            const pullA = b.mass * pull;
            const pullB = a.mass * pull;
            a.vx -= dx * pullA;
            a.vy -= dy * pullA;
            a.vz -= dz * pullA;
            b.vx += dx * pullB;
            b.vy += dy * pullB;
            b.vz += dz * pullB;
        }
    }

    for (const a of bodies) {
        a.x += dt * a.vx;
        a.y += dt * a.vy;
        a.z += dt * a.vz;
    }
}

function energy(bodies) {
    let sum = 0.0;
    for (let i = 0; i < bodies.length; i++) {
        const a = bodies[i];
        sum += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz);
        for (let j = i + 1; j < bodies.length; j++) {
            const b = bodies[j];
            const dx = a.x - b.x;
            const dy = a.y - b.y;
            const dz = a.z - b.z;
            sum -= a.mass * b.mass / Math.sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return sum;
}

function main() {
    const bodies = [
        body(0, 0, 0, 0, 0, 0, 40),
        body(5, 1, 0.1, 0.6, 2.8, -0.02, 0.04),
        body(8, 4, -0.4, -1, 1.8, 0.008, 0.01),
        body(13, -15, -0.2, 1.1, 0.9, -0.01, 0.002),
        body(15, -26, 0.2, 1, 0.6, -0.03, 0.002),
    ];

    for (let turn = 0; turn < 350000; turn++) {
        advance(bodies, 0.01);
    }

    console.log(`${Math.round(energy(bodies) * 1000000)}`);
}

main();
