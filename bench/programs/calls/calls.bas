' calls: many calls of small procedures with several arguments.

LET value = 1
LET total = 0

FOR i = 1 TO 12000000
    value = blend(value, i, 3, 5)
    total = (total + clamp(value, 100, 900)) MOD 1000000
NEXT i

PRINT total & " " & value

FUNCTION blend(a, b, weight_a, weight_b)
    RETURN remainder(a * weight_a + b * weight_b, 1009)
END FUNCTION

FUNCTION clamp(value, low, high)
    IF value < low THEN
        RETURN low
    END IF
    IF value > high THEN
        RETURN high
    END IF
    RETURN value
END FUNCTION

FUNCTION remainder(value, divisor)
    RETURN value MOD divisor
END FUNCTION
