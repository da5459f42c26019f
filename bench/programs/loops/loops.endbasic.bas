' loops: nested loops over whole numbers, with arithmetic and comparison.

size = 7000
total = 0
small = 0

FOR i = 1 TO size
    FOR j = 1 TO size
        rest = (i * j + small) MOD 7
        IF rest < 3 THEN
            small = small + 1
        ELSE
            total = total + rest
        END IF
    NEXT
NEXT

PRINT LTRIM(STR(total)) + " " + LTRIM(STR(small))
