' sieve: an array read and written by index. Counts the primes below a limit, several times over.

LET limit = 500000
LET total = 0

FOR turn = 1 TO 30
    composite = []
    FOR i = 0 TO limit
        composite[i] = FALSE
    NEXT i

    FOR i = 2 TO limit
        IF NOT composite[i] THEN
            total = total + 1
            FOR j = i + i TO limit STEP i
                composite[j] = TRUE
            NEXT j
        END IF
    NEXT i
NEXT turn

PRINT total
