' mandelbrot: arithmetic on floats. Counts the points of a grid that stay near zero, and all steps taken.

LET size = 1200
LET limit = 50
LET inside = 0
LET steps = 0

FOR row = 0 TO size - 1
    LET ci = 2.0 * row / size - 1.0
    FOR column = 0 TO size - 1
        LET cr = 3.0 * column / size - 2.0
        LET zr = 0.0
        LET zi = 0.0
        LET zr2 = 0.0
        LET zi2 = 0.0
        LET count = 0
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
    NEXT column
NEXT row

PRINT inside & " " & steps
