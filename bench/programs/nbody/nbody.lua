-- nbody: floats in fields of records in an array. Five bodies that attract each other, step by step.

local function body(x, y, z, vx, vy, vz, mass)
    return { x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass }
end

local function advance(bodies, dt)
    for i = 1, #bodies do
        local a = bodies[i]
        for j = i + 1, #bodies do
            local b = bodies[j]
            local dx = a.x - b.x
            local dy = a.y - b.y
            local dz = a.z - b.z
            local square = dx * dx + dy * dy + dz * dz
            local pull = dt / (square * math.sqrt(square))
            local pull_a = b.mass * pull
            local pull_b = a.mass * pull
            a.vx = a.vx - dx * pull_a
            a.vy = a.vy - dy * pull_a
            a.vz = a.vz - dz * pull_a
            b.vx = b.vx + dx * pull_b
            b.vy = b.vy + dy * pull_b
            b.vz = b.vz + dz * pull_b
        end
    end

    for i = 1, #bodies do
        local a = bodies[i]
        a.x = a.x + dt * a.vx
        a.y = a.y + dt * a.vy
        a.z = a.z + dt * a.vz
    end
end

local function energy(bodies)
    local sum = 0.0
    for i = 1, #bodies do
        local a = bodies[i]
        sum = sum + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
        for j = i + 1, #bodies do
            local b = bodies[j]
            local dx = a.x - b.x
            local dy = a.y - b.y
            local dz = a.z - b.z
            sum = sum - a.mass * b.mass / math.sqrt(dx * dx + dy * dy + dz * dz)
        end
    end
    return sum
end

local bodies = {
    body(0, 0, 0, 0, 0, 0, 40),
    body(5, 1, 0.1, 0.6, 2.8, -0.02, 0.04),
    body(8, 4, -0.4, -1, 1.8, 0.008, 0.01),
    body(13, -15, -0.2, 1.1, 0.9, -0.01, 0.002),
    body(15, -26, 0.2, 1, 0.6, -0.03, 0.002),
}

for turn = 1, 350000 do
    advance(bodies, 0.01)
end

print(string.format("%d", math.floor(energy(bodies) * 1000000 + 0.5)))
