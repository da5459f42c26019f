-- mandelbrot: arithmetic on floats. Counts the points of a grid that stay near zero, and all steps taken.

local size = 1200
local limit = 50
local inside = 0
local steps = 0

for row = 0, size - 1 do
    local ci = 2.0 * row / size - 1.0
    for column = 0, size - 1 do
        local cr = 3.0 * column / size - 2.0
        local zr = 0.0
        local zi = 0.0
        local zr2 = 0.0
        local zi2 = 0.0
        local count = 0
        while count < limit and zr2 + zi2 <= 4.0 do
            zi = 2.0 * zr * zi + ci
            zr = zr2 - zi2 + cr
            zr2 = zr * zr
            zi2 = zi * zi
            count = count + 1
        end
        steps = steps + count
        if count == limit then
            inside = inside + 1
        end
    end
end

print(inside .. " " .. steps)
