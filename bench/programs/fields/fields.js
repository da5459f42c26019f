// fields: fields of one record read and written, by names known when the program is compiled.

function main() {
    const account = {
        name: "Ada",
        balance: 0,
        ceiling: 1000,
        fee: 3,
        fees: 0,
        payments: 0,
        status: "open",
    };

    for (let i = 1; i <= 20000000; i++) {
        account.balance = account.balance + i % 100;
        account.payments = account.payments + 1;
        if (account.balance > account.ceiling) {
            account.balance = account.balance - account.ceiling;
            account.fees = account.fees + account.fee;
        }
    }

    console.log(`${account.balance} ${account.payments} ${account.fees}`);
}

main();
