' strings: numbers written as text, pieces joined into one text, and the text searched and cut.

LET total = 0
LET letters = 0

FOR turn = 1 TO 8000
    pieces = []
    FOR i = 1 TO 200
        pieces.ADD("order-" & turn & "-" & i)
    NEXT i
    text = JOIN(pieces, ",")

    FOR i = 20 TO 200 STEP 20
        LET place = INSTR(text, "-" & i & ",")
        total = total + place MOD 100
        letters = letters + LEN(UCASE(MID(text, place + 1, 8)))
    NEXT i
NEXT turn

PRINT total & " " & letters & " " & LEN(text)
