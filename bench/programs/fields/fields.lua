-- fields: fields of one record read and written, by names known when the program is compiled.

local account = {
    name = "Ada",
    balance = 0,
    ceiling = 1000,
    fee = 3,
    fees = 0,
    payments = 0,
    status = "open",
}

for i = 1, 20000000 do
    account.balance = account.balance + i % 100
    account.payments = account.payments + 1
    if account.balance > account.ceiling then
        account.balance = account.balance - account.ceiling
        account.fees = account.fees + account.fee
    end
end

print(account.balance .. " " .. account.payments .. " " .. account.fees)
