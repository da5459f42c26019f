' sieve: an array read and written by index. Counts the primes below a limit, several times over.

limit = 500000
total = 0
DIM composite(limit + 1) AS BOOLEAN

FOR turn = 1 TO 30
    FOR i = 0 TO limit
        composite(i) = FALSE
    NEXT

    FOR i = 2 TO limit
        IF NOT composite(i) THEN
            total = total + 1
            j = i + i
            WHILE j <= limit
                composite(j) = TRUE
                j = j + i
            WEND
        END IF
    NEXT
NEXT

PRINT total
