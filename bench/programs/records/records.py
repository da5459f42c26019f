# records: the memory that many records take. Holds 200,000 of them at once.


def main():
    orders = []
    for i in range(1, 200001):
        orders.append({
            "id": i,
            "name": f"Order {i}",
            "email": f"person{i}@example.com",
            "amount": i % 1000,
            "price": i / 4,
            "status": "open",
        })

    print(len(orders), orders[199999]["email"])


main()
