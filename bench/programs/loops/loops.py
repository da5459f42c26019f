# loops: nested loops over whole numbers, with arithmetic and comparison.


def main():
    size = 7000
    total = 0
    small = 0

    for i in range(1, size + 1):
        for j in range(1, size + 1):
            rest = (i * j + small) % 7
            if rest < 3:
                small = small + 1
            else:
                total = total + rest

    print(total, small)


main()
