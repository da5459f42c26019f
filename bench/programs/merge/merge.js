// merge: three-way merge of records, field by field, over a list of field names: fields read and written by computed names.

function contact(i) {
    return {
        first_name: "Ada",
        last_name: "Lovelace",
        email: "ada@example.com",
        phone: "555-0100",
        company: "Engines",
        title: "Engineer",
        source: "web",
        status: "active",
        amount: i % 80,
        stage: "open",
    };
}

function main() {
    const fields = ["first_name", "last_name", "email", "phone", "company", "title", "source", "status", "amount", "stage"];
    let conflicts = 0;
    let total = 0;
    let merged;

    for (let i = 1; i <= 300000; i++) {
        const base = contact(i);
        const mine = contact(i);
        mine.phone = "555-0001";
        mine.amount = i % 90;
        mine.title = "Director";
        const theirs = contact(i);
        theirs.stage = "won";
        theirs.amount = i % 100;

        merged = {};
        for (const field of fields) {
            const ours = mine[field];
            const other = theirs[field];
            const before = base[field];
            if (ours === before) {
                merged[field] = other;
            } else if (other === before || other === ours) {
                merged[field] = ours;
            } else {
                conflicts = conflicts + 1;
                merged[field] = other;
            }
        }

        total = total + merged.amount;
    }

    console.log(`${conflicts} ${total} ${merged.title} ${merged.stage} ${merged.phone}`);
}

main();
