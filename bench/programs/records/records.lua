-- records: the memory that many records take. Holds 200,000 of them at once.

local orders = {}
for i = 1, 200000 do
    orders[#orders + 1] = {
        id = i,
        name = "Order " .. i,
        email = "person" .. i .. "@example.com",
        amount = i % 1000,
        price = i / 4,
        status = "open",
    }
end

print(#orders .. " " .. orders[200000].email)
