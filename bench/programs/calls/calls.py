# calls: many calls of small procedures with several arguments.


def remainder(value, divisor):
    return value % divisor


def blend(a, b, weight_a, weight_b):
    return remainder(a * weight_a + b * weight_b, 1009)


def clamp(value, low, high):
    if value < low:
        return low
    if value > high:
        return high
    return value


def main():
    value = 1
    total = 0

    for i in range(1, 12000001):
        value = blend(value, i, 3, 5)
        total = (total + clamp(value, 100, 900)) % 1000000

    print(total, value)


main()
