# words: a text split into words, and the words counted in a dictionary by computed keys.


def main():
    pieces = []
    seed = 42
    for _ in range(50000):
        seed = (seed * 3877 + 29573) % 139968
        pieces.append(f"word{seed % 1000 * (seed % 3 + 1)}")
    text = " ".join(pieces)

    total = 0
    most = 0

    for _ in range(150):
        counts = {}
        for word in text.split(" "):
            counts[word] = counts.get(word, 0) + 1

        most = 0
        for count in counts.values():
            most = max(most, count)
        total = total + len(counts)

    print(len(text), total, most)


main()
