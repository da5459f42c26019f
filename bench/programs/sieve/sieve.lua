-- sieve: an array read and written by index. Counts the primes below a limit, several times over.

local limit = 500000
local total = 0

for turn = 1, 30 do
    local composite = {}
    for i = 1, limit do
        composite[i] = false
    end

    for i = 2, limit do
        if not composite[i] then
            total = total + 1
            for j = i + i, limit, i do
                composite[j] = true
            end
        end
    end
end

print(total)
