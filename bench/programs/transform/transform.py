# transform: records of a CRM, with a record inside, mapped to flat local records and collected.


def main():
    contacts = []
    for i in range(1, 1001):
        contacts.append({
            "id": f"003-{i}",
            "firstName": f"First{i}",
            "lastName": f"Last{i}",
            "email": f"person{i}@example.com",
            "phone": f"555-{i}",
            "title": "Engineer",
            "leadSource": "web",
            "status": "active",
            "account": {"id": i % 50, "name": f"Company {i % 50}", "revenue": i * 10},
        })

    changed_at = "2026-01-31T09:05:07Z"
    revenue = 0
    letters = 0

    for _ in range(1200):
        records = []
        for data in contacts:
            records.append({
                "external_id": data["id"],
                "external_source": "crm",
                "first_name": data["firstName"],
                "last_name": data["lastName"],
                "email": data["email"],
                "phone": data["phone"],
                "company": data["account"]["name"],
                "revenue": data["account"]["revenue"],
                "title": data["title"],
                "source": data["leadSource"],
                "status": data["status"],
                "updated_at": changed_at,
            })

        for record in records:
            revenue = revenue + record["revenue"] % 100
            letters = letters + len(record["company"])

    print(revenue, letters, records[999]["email"])


main()
