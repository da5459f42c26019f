-- strings: numbers written as text, pieces joined into one text, and the text searched and cut.

local total = 0
local letters = 0
local text

for turn = 1, 8000 do
    local pieces = {}
    for i = 1, 200 do
        pieces[#pieces + 1] = "order-" .. turn .. "-" .. i
    end
    text = table.concat(pieces, ",")

    for i = 20, 200, 20 do
        local place = text:find("-" .. i .. ",", 1, true) or 0
        total = total + place % 100
        letters = letters + #text:sub(place + 1, place + 8):upper()
    end
end

print(total .. " " .. letters .. " " .. #text)
