' append: one long text that grows at its end, piece by piece.

LET text = ""
FOR i = 1 TO 30000
    LET piece = "line " & i & ";"
    text = text + piece
NEXT i

PRINT LEN(text) & " " & RIGHT(text, 10)
