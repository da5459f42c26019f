// transform: records of a CRM, with a record inside, mapped to flat local records and collected.

function main() {
    const contacts = [];
    for (let i = 1; i <= 1000; i++) {
        contacts.push({
            id: `003-${i}`,
            firstName: `First${i}`,
            lastName: `Last${i}`,
            email: `person${i}@example.com`,
            phone: `555-${i}`,
            title: "Engineer",
            leadSource: "web",
            status: "active",
            account: { id: i % 50, name: `Company ${i % 50}`, revenue: i * 10 },
        });
    }

    const changedAt = "2026-01-31T09:05:07Z";
    let revenue = 0;
    let letters = 0;
    let records;

    for (let turn = 0; turn < 1200; turn++) {
        records = [];
        for (const data of contacts) {
            records.push({
                external_id: data.id,
                external_source: "crm",
                first_name: data.firstName,
                last_name: data.lastName,
                email: data.email,
                phone: data.phone,
                company: data.account.name,
                revenue: data.account.revenue,
                title: data.title,
                source: data.leadSource,
                status: data.status,
                updated_at: changedAt,
            });
        }

        for (const record of records) {
            revenue = revenue + record.revenue % 100;
            letters = letters + record.company.length;
        }
    }

    console.log(`${revenue} ${letters} ${records[999].email}`);
}

main();
