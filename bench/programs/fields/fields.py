# fields: fields of one record read and written, by names known when the program is compiled.

from dataclasses import dataclass


@dataclass(slots=True)
class Account:
    name: str
    balance: int
    ceiling: int
    fee: int
    fees: int
    payments: int
    status: str


def main():
    account = Account(name="Ada", balance=0, ceiling=1000, fee=3, fees=0, payments=0, status="open")

    for i in range(1, 20000001):
        account.balance = account.balance + i % 100
        account.payments = account.payments + 1
        if account.balance > account.ceiling:
            account.balance = account.balance - account.ceiling
            account.fees = account.fees + account.fee

    print(account.balance, account.payments, account.fees)


main()
