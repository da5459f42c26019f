' calls: many calls of small procedures with several arguments.

FUNCTION remainder%(value%, divisor%)
    remainder = value MOD divisor
END FUNCTION

FUNCTION blend%(a%, b%, weight_a%, weight_b%)
    blend = remainder(a * weight_a + b * weight_b, 1009)
END FUNCTION

FUNCTION clamp%(value%, low%, high%)
    IF value < low THEN
        clamp = low
    ELSEIF value > high THEN
        clamp = high
    ELSE
        clamp = value
    END IF
END FUNCTION

value = 1
total = 0

FOR i = 1 TO 12000000
    value = blend(value, i, 3, 5)
    total = (total + clamp(value, 100, 900)) MOD 1000000
NEXT

PRINT LTRIM(STR(total)) + " " + LTRIM(STR(value))
