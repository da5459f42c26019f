# mandelbrot: arithmetic on floats. Counts the points of a grid that stay near zero, and all steps taken.


def main():
    size = 1200
    limit = 50
    inside = 0
    steps = 0

    for row in range(size):
        ci = 2.0 * row / size - 1.0
        for column in range(size):
            cr = 3.0 * column / size - 2.0
            zr = 0.0
            zi = 0.0
            zr2 = 0.0
            zi2 = 0.0
            count = 0
            while count < limit and zr2 + zi2 <= 4.0:
                zi = 2.0 * zr * zi + ci
                zr = zr2 - zi2 + cr
                zr2 = zr * zr
                zi2 = zi * zi
                count = count + 1
            steps = steps + count
            if count == limit:
                inside = inside + 1

    print(inside, steps)


main()
