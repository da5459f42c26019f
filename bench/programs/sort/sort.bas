' sort: a shell sort written in the script, over an array of numbers, and a filter of the sorted array.

LET seed = 42
LET total = 0

FOR turn = 1 TO 15
    numbers = []
    FOR i = 1 TO 50000
        seed = (seed * 3877 + 29573) MOD 139968
        numbers.ADD(seed)
    NEXT i

    numbers = sorted(numbers)
    chosen = multiples(numbers, 3)
    total = total + UBOUND(chosen)
NEXT turn

PRINT total & " " & numbers[0] & " " & numbers[25000] & " " & numbers[49999] & " " & chosen[100]

FUNCTION sorted(values)
    LET count = UBOUND(values)
    LET gap = 1
    WHILE gap < count
        gap = gap * 3 + 1
    WEND

    WHILE gap > 1
        gap = gap \ 3
        FOR i = gap TO count - 1
            LET value = values[i]
            LET place = i
            WHILE place >= gap AND values[place - gap] > value
                values[place] = values[place - gap]
                place = place - gap
            WEND
            values[place] = value
        NEXT i
    WEND
    RETURN values
END FUNCTION

FUNCTION multiples(values, divisor)
    found = []
    FOR EACH value IN values
        IF value MOD divisor = 0 THEN
            found.ADD(value)
        END IF
    NEXT value
    RETURN found
END FUNCTION
