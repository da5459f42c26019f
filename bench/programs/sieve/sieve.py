# sieve: an array read and written by index. Counts the primes below a limit, several times over.


def main():
    limit = 500000
    total = 0

    for _ in range(30):
        composite = []
        for _ in range(limit + 1):
            composite.append(False)

        for i in range(2, limit + 1):
            if not composite[i]:
                total = total + 1
                for j in range(i + i, limit + 1, i):
                    composite[j] = True

    print(total)


main()
