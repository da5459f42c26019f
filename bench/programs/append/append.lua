-- append: one long text that grows at its end, piece by piece.

local text = ""
for i = 1, 30000 do
    local piece = "line " .. i .. ";"
    text = text .. piece
end

print(#text .. " " .. text:sub(-10))
