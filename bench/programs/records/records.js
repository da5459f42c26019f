// records: the memory that many records take. Holds 200,000 of them at once.

function main() {
    const orders = [];
    for (let i = 1; i <= 200000; i++) {
        orders.push({
            id: i,
            name: `Order ${i}`,
            email: `person${i}@example.com`,
            amount: i % 1000,
            price: i / 4,
            status: "open",
        });
    }

    console.log(`${orders.length} ${orders[199999].email}`);
}

main();
