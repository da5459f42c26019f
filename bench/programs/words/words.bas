' words: a text split into words, and the words counted in an object by computed keys.

pieces = []
LET seed = 42
FOR i = 1 TO 50000
    seed = (seed * 3877 + 29573) MOD 139968
    pieces.ADD("word" & (seed MOD 1000 * (seed MOD 3 + 1)))
NEXT i
text = JOIN(pieces, " ")

LET total = 0
LET most = 0

FOR turn = 1 TO 150
    counts = NEW OBJECT
    FOR EACH word IN SPLIT(text, " ")
        counts[word] = counts[word] + 1
    NEXT word

    numbers = VALUES(counts)
    most = 0
    FOR EACH count IN numbers
        most = MAX(most, count)
    NEXT count
    total = total + UBOUND(numbers)
NEXT turn

PRINT LEN(text) & " " & total & " " & most
