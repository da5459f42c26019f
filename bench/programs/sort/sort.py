# sort: a shell sort written in the script, over an array of numbers, and a filter of the sorted array.


def sort(values):
    count = len(values)
    gap = 1
    while gap < count:
        gap = gap * 3 + 1

    while gap > 1:
        gap = gap // 3
        for i in range(gap, count):
            value = values[i]
            place = i
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place = place - gap
            values[place] = value


def multiples(values, divisor):
    found = []
    for value in values:
        if value % divisor == 0:
            found.append(value)
    return found


def main():
    seed = 42
    total = 0

    for _ in range(15):
        numbers = []
        for _ in range(50000):
            seed = (seed * 3877 + 29573) % 139968
            numbers.append(seed)

        sort(numbers)
        chosen = multiples(numbers, 3)
        total = total + len(chosen)

    print(total, numbers[0], numbers[25000], numbers[49999], chosen[100])


main()
