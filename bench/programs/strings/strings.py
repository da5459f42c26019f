# strings: numbers written as text, pieces joined into one text, and the text searched and cut.


def main():
    total = 0
    letters = 0

    for turn in range(1, 8001):
        pieces = []
        for i in range(1, 201):
            pieces.append(f"order-{turn}-{i}")
        text = ",".join(pieces)

        for i in range(20, 201, 20):
            place = text.find(f"-{i},") + 1
            total = total + place % 100
            letters = letters + len(text[place:place + 8].upper())

    print(total, letters, len(text))


main()
