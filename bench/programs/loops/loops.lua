-- loops: nested loops over whole numbers, with arithmetic and comparison.

local size = 7000
local total = 0
local small = 0

for i = 1, size do
    for j = 1, size do
        local rest = (i * j + small) % 7
        if rest < 3 then
            small = small + 1
        else
            total = total + rest
        end
    end
end

print(total .. " " .. small)
