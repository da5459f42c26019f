' loops: nested loops over whole numbers, with arithmetic and comparison.

LET size = 7000
LET total = 0
LET small = 0

FOR i = 1 TO size
    FOR j = 1 TO size
        LET rest = (i * j + small) MOD 7
        IF rest < 3 THEN
            small = small + 1
        ELSE
            total = total + rest
        END IF
    NEXT j
NEXT i

PRINT total & " " & small
