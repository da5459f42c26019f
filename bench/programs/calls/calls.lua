-- calls: many calls of small procedures with several arguments.

local function remainder(value, divisor)
    return value % divisor
end

local function blend(a, b, weight_a, weight_b)
    return remainder(a * weight_a + b * weight_b, 1009)
end

local function clamp(value, low, high)
    if value < low then
        return low
    end
    if value > high then
        return high
    end
    return value
end

local value = 1
local total = 0

for i = 1, 12000000 do
    value = blend(value, i, 3, 5)
    total = (total + clamp(value, 100, 900)) % 1000000
end

print(total .. " " .. value)
