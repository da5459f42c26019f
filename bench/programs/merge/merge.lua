-- merge: three-way merge of records, field by field, over a list of field names: fields read and written by computed names.

local function contact(i)
    return {
        first_name = "Ada",
        last_name = "Lovelace",
        email = "ada@example.com",
        phone = "555-0100",
        company = "Engines",
        title = "Engineer",
        source = "web",
        status = "active",
        amount = i % 80,
        stage = "open",
    }
end

local fields = { "first_name", "last_name", "email", "phone", "company", "title", "source", "status", "amount", "stage" }
local conflicts = 0
local total = 0
local merged

for i = 1, 300000 do
    local base = contact(i)
    local mine = contact(i)
    mine.phone = "555-0001"
    mine.amount = i % 90
    mine.title = "Director"
    local theirs = contact(i)
    theirs.stage = "won"
    theirs.amount = i % 100

    merged = {}
    for _, field in ipairs(fields) do
        local ours = mine[field]
        local other = theirs[field]
        local before = base[field]
        if ours == before then
            merged[field] = other
        elseif other == before or other == ours then
            merged[field] = ours
        else
            conflicts = conflicts + 1
            merged[field] = other
        end
    end

    total = total + merged.amount
end

print(conflicts .. " " .. total .. " " .. merged.title .. " " .. merged.stage .. " " .. merged.phone)
