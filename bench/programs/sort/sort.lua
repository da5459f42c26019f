-- sort: a shell sort written in the script, over an array of numbers, and a filter of the sorted array.

local function sort(values)
    local count = #values
    local gap = 1
    while gap < count do
        gap = gap * 3 + 1
    end

    while gap > 1 do
        gap = math.floor(gap / 3)
        for i = gap + 1, count do
            local value = values[i]
            local place = i
            while place > gap and values[place - gap] > value do
                values[place] = values[place - gap]
                place = place - gap
            end
            values[place] = value
        end
    end
end

local function multiples(values, divisor)
    local found = {}
    for _, value in ipairs(values) do
        if value % divisor == 0 then
            found[#found + 1] = value
        end
    end
    return found
end

local seed = 42
local total = 0
local numbers, chosen

for turn = 1, 15 do
    numbers = {}
    for i = 1, 50000 do
        seed = (seed * 3877 + 29573) % 139968
        numbers[#numbers + 1] = seed
    end

    sort(numbers)
    chosen = multiples(numbers, 3)
    total = total + #chosen
end

print(total .. " " .. numbers[1] .. " " .. numbers[25001] .. " " .. numbers[50000] .. " " .. chosen[101])
