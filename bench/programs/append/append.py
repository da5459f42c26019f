# append: one long text that grows at its end, piece by piece.


def main():
    text = ""
    for i in range(1, 30001):
        piece = f"line {i};"
        text = text + piece

    print(len(text), text[-10:])


main()
