-- words: a text split into words, and the words counted in a table by computed keys.

local pieces = {}
local seed = 42
for i = 1, 50000 do
    seed = (seed * 3877 + 29573) % 139968
    pieces[#pieces + 1] = "word" .. seed % 1000 * (seed % 3 + 1)
end
local text = table.concat(pieces, " ")

local total = 0
local most = 0

for turn = 1, 150 do
    local counts = {}
    for word in text:gmatch("[^ ]+") do
        counts[word] = (counts[word] or 0) + 1
    end

    most = 0
    local names = 0
    for _, count in pairs(counts) do
        most = math.max(most, count)
        names = names + 1
    end
    total = total + names
end

print(#text .. " " .. total .. " " .. most)
