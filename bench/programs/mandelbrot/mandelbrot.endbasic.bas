' mandelbrot: arithmetic on floats. Counts the points of a grid that stay near zero, and all steps taken.

size = 1200
limit = 50
inside = 0
steps = 0

FOR row = 0 TO size - 1
    ci = 2.0 * row / size - 1.0
    FOR column = 0 TO size - 1
        cr = 3.0 * column / size - 2.0
        zr = 0.0
        zi = 0.0
        zr2 = 0.0
        zi2 = 0.0
        count = 0
        WHILE count < limit AND zr2 + zi2 <= 4.0
            zi = 2.0 * zr * zi + ci
            zr = zr2 - zi2 + cr
            zr2 = zr * zr
            zi2 = zi * zi
            count = count + 1
        WEND
        steps = steps + count
        IF count = limit THEN
            inside = inside + 1
        END IF
    NEXT
NEXT

PRINT LTRIM(STR(inside)) + " " + LTRIM(STR(steps))
