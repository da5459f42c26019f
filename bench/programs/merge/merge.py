# merge: three-way merge of records, field by field, over a list of field names: fields read and written by computed names.


def contact(i):
    return {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "phone": "555-0100",
        "company": "Engines",
        "title": "Engineer",
        "source": "web",
        "status": "active",
        "amount": i % 80,
        "stage": "open",
    }


def main():
    fields = ["first_name", "last_name", "email", "phone", "company", "title", "source", "status", "amount", "stage"]
    conflicts = 0
    total = 0

    for i in range(1, 300001):
        base = contact(i)
        mine = contact(i)
        mine["phone"] = "555-0001"
        mine["amount"] = i % 90
        mine["title"] = "Director"
        theirs = contact(i)
        theirs["stage"] = "won"
        theirs["amount"] = i % 100

        merged = {}
        for field in fields:
            ours = mine[field]
            other = theirs[field]
            before = base[field]
            if ours == before:
                merged[field] = other
            elif other == before or other == ours:
                merged[field] = ours
            else:
                conflicts = conflicts + 1
                merged[field] = other

        total = total + merged["amount"]

    print(conflicts, total, merged["title"], merged["stage"], merged["phone"])


main()
