' sort: a shell sort written in the script, over an array of numbers, and a filter of the sorted array.

DIM SHARED numbers(50000) AS INTEGER
DIM SHARED chosen(50000) AS INTEGER

SUB shell_sort(count%)
    gap = 1
    WHILE gap < count
        gap = gap * 3 + 1
    WEND

    WHILE gap > 1
        gap = (gap - 1) / 3
        FOR i = gap TO count - 1
            value = numbers(i)
            place = i
            DO WHILE place >= gap
                IF numbers(place - gap) <= value THEN
                    EXIT DO
                END IF
                numbers(place) = numbers(place - gap)
                place = place - gap
            LOOP
            numbers(place) = value
        NEXT
    WEND
END SUB

FUNCTION choose_multiples%(count%, divisor%)
    found = 0
    FOR i = 0 TO count - 1
        IF numbers(i) MOD divisor = 0 THEN
            chosen(found) = numbers(i)
            found = found + 1
        END IF
    NEXT
    choose_multiples = found
END FUNCTION

seed = 42
total = 0

FOR turn = 1 TO 15
    FOR i = 0 TO 49999
        seed = (seed * 3877 + 29573) MOD 139968
        numbers(i) = seed
    NEXT

    shell_sort 50000
    total = total + choose_multiples(50000, 3)
NEXT

PRINT LTRIM(STR(total)) + " " + LTRIM(STR(numbers(0))) + " " + LTRIM(STR(numbers(25000))) + " " + LTRIM(STR(numbers(49999))) + " " + LTRIM(STR(chosen(100)))
