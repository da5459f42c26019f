-- transform: records of a CRM, with a record inside, mapped to flat local records and collected.

local contacts = {}
for i = 1, 1000 do
    contacts[#contacts + 1] = {
        id = "003-" .. i,
        firstName = "First" .. i,
        lastName = "Last" .. i,
        email = "person" .. i .. "@example.com",
        phone = "555-" .. i,
        title = "Engineer",
        leadSource = "web",
        status = "active",
        account = { id = i % 50, name = "Company " .. (i % 50), revenue = i * 10 },
    }
end

local changed_at = "2026-01-31T09:05:07Z"
local revenue = 0
local letters = 0
local records

for turn = 1, 1200 do
    records = {}
    for _, data in ipairs(contacts) do
        records[#records + 1] = {
            external_id = data.id,
            external_source = "crm",
            first_name = data.firstName,
            last_name = data.lastName,
            email = data.email,
            phone = data.phone,
            company = data.account.name,
            revenue = data.account.revenue,
            title = data.title,
            source = data.leadSource,
            status = data.status,
            updated_at = changed_at,
        }
    end

    for _, record in ipairs(records) do
        revenue = revenue + record.revenue % 100
        letters = letters + #record.company
    end
end

print(revenue .. " " .. letters .. " " .. records[1000].email)
